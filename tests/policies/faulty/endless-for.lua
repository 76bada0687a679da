-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
rule "faulty" {
	run = function(vm, state, host)
		for i = 1, math.huge do end
	end,
}
