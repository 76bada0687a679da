-- SPDX-License-Identifier: MIT
-- expect: the value is nothing (nil)
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.shares", vm.pss)
	end,
}
