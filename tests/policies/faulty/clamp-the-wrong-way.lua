-- SPDX-License-Identifier: MIT
-- expect: the least is above the most
rule "faulty" {
	run = function(vm, state, host)
		return clamp(5, 10, 1)
	end,
}
