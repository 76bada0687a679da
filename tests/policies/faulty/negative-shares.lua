-- SPDX-License-Identifier: MIT
-- expect: -5 is below the least, 1
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.shares", -5)
	end,
}
