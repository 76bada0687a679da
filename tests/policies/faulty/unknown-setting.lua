-- SPDX-License-Identifier: MIT
-- expect: did you mean cpu.shares?
rule "faulty" {
	run = function(vm, state, host)
		vm:set("cpu.share", 50)
	end,
}
