-- SPDX-License-Identifier: MIT
-- expect: the state holds a function
rule "faulty" {
	run = function(vm, state, host)
		state.f = function() end
	end,
}
