-- SPDX-License-Identifier: MIT
-- expect: attempt to compare
rule "faulty" {
	run = function(vm, state, host)
		table.sort({ 3, "x", 2 })
	end,
}
