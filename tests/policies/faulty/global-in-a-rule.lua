-- SPDX-License-Identifier: MIT
-- expect: writes the global 'count'
rule "faulty" {
	run = function(vm, state, host)
		count = (state.count or 0) + 1
	end,
}
