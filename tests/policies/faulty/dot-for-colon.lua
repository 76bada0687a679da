-- SPDX-License-Identifier: MIT
-- expect: is called with a colon
rule "faulty" {
	run = function(vm, state, host)
		vm.set("cpu.shares", 50)
	end,
}
