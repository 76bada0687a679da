-- SPDX-License-Identifier: MIT
-- expect: not a number
rule "faulty" {
	run = function(vm, state, host)
		return (0 / 0) * MiB
	end,
}
