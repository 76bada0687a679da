-- SPDX-License-Identifier: MIT
-- expect: by zero
rule "faulty" {
	run = function(vm, state, host)
		return vm.rss / 0
	end,
}
