-- SPDX-License-Identifier: MIT
-- expect: the state is larger than 4096 bytes
rule "faulty" {
	run = function(vm, state, host)
		state.text = string.rep("x", 10000)
	end,
}
