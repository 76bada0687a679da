-- SPDX-License-Identifier: MIT
-- expect: vm.pss_bytes was absent
rule "faulty" {
	run = function(vm, state, host)
		if vm.pss > 5 * GiB then
			vm:set("cpu.shares", 50)
		end
	end,
}
