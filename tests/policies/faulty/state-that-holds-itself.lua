-- SPDX-License-Identifier: MIT
-- expect: one table in two places
rule "faulty" {
	run = function(vm, state, host)
		state.self = state
	end,
}
