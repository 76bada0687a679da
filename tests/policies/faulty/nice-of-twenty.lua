-- SPDX-License-Identifier: MIT
-- expect: cpu.nice
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.nice", 20)
	end,
}
