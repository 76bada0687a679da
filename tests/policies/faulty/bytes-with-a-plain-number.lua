-- SPDX-License-Identifier: MIT
-- expect: give the number its unit, as 512 * MiB
rule "faulty" {
	run = function(vm, state, host)
		if vm.rss > 512 then
			vm:set("cpu.shares", 50)
		end
	end,
}
