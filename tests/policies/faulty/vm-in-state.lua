-- SPDX-License-Identifier: MIT
-- expect: the state holds an object
rule "faulty" {
	run = function(vm, state, host)
		state.vm = vm
	end,
}
