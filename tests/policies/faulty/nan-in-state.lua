-- SPDX-License-Identifier: MIT
-- expect: not a number (NaN
rule "faulty" {
	run = function(vm, state, host)
		state.x = 0 / 0
	end,
}
