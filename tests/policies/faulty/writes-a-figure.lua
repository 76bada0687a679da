-- SPDX-License-Identifier: MIT
-- expect: is not to be written
rule "faulty" {
	run = function(vm, state, host)
		vm.cpu_shares = 50
	end,
}
