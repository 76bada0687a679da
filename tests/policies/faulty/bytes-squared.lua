-- SPDX-License-Identifier: MIT
-- expect: there is no such unit
rule "faulty" {
	run = function(vm, state, host)
		return vm.rss * vm.rss
	end,
}
