-- SPDX-License-Identifier: MIT
-- expect: is not a number (NaN
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.shares", 0 / 0)
	end,
}
