-- SPDX-License-Identifier: MIT
-- expect: cpu.affinity
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.affinity", 3)
	end,
}
