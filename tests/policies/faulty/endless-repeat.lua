-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
rule "faulty" {
	run = function(vm, state, host)
		repeat local x = vm.rss until false
	end,
}
