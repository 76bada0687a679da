-- SPDX-License-Identifier: MIT
-- expect: adds
rule "faulty" {
	run = function(vm, state, host)
		return vm.rss + 5 * seconds
	end,
}
