-- SPDX-License-Identifier: MIT
-- expect: deeper than 8 tables
rule "faulty" {
	run = function(vm, state, host)
		local at = state
		for i = 1, 20 do
			at.x = {}
			at = at.x
		end
	end,
}
