-- SPDX-License-Identifier: MIT
-- expect: has no such figure
rule "faulty" {
	run = function(vm, state, host)
		return vm:rate("waitings_usec")
	end,
}
