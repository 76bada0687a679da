-- SPDX-License-Identifier: MIT
-- expect: did you mean MiB?
rule "faulty" {
	run = function(vm, state, host)
		return 5 * MIB
	end,
}
