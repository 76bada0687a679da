-- SPDX-License-Identifier: MIT
-- expect: attempt to call a nil value (field 'random')
rule "faulty" {
	run = function(vm, state, host)
		return math.random()
	end,
}
