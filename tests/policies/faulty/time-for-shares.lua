-- SPDX-License-Identifier: MIT
-- expect: it takes a value as 400
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.shares", 5 * seconds)
	end,
}
