-- SPDX-License-Identifier: MIT
-- expect: cpu.shares
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.shares", math.huge)
	end,
}
