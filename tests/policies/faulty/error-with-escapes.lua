-- SPDX-License-Identifier: MIT
-- expect: \x1b[2J
rule "faulty" {
	run = function(vm, state, host)
		error("\27[2J")
	end,
}
