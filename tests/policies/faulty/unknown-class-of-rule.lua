-- SPDX-License-Identifier: MIT
-- expect: no class "bronze" is declared above
rule "faulty" {
	class = "bronze",
	run = function(vm, state, host)
		vm:set("cpu.shares", 50)
	end,
}
