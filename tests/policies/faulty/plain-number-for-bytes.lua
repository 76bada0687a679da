-- SPDX-License-Identifier: MIT
-- expect: it takes a value as 512 * MiB
rule "faulty" {
	run = function(vm, state, host)
		vm:set("memory.high", 512)
	end,
}
