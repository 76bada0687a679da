-- SPDX-License-Identifier: MIT
-- expect: attempt to call a string value
rule "faulty" {
	run = function(vm, state, host)
		vm.name()
	end,
}
