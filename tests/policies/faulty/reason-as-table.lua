-- SPDX-License-Identifier: MIT
-- expect: the reason is a text, not a table
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.shares", 50, {})
	end,
}
