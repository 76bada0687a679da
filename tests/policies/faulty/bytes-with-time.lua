-- SPDX-License-Identifier: MIT
-- expect: their units differ
rule "faulty" {
	run = function(vm, state, host)
		if vm.rss > 5 * seconds then
			vm:set("cpu.shares", 50)
		end
	end,
}
