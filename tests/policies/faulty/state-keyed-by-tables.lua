-- SPDX-License-Identifier: MIT
-- expect: keys are texts and whole numbers
rule "faulty" {
	run = function(vm, state, host)
		state[{}] = 1
	end,
}
