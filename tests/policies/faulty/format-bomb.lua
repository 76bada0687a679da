-- SPDX-License-Identifier: MIT
-- expect: invalid conversion
rule "faulty" {
	run = function(vm, state, host)
		return string.format("%1000000000d", 1)
	end,
}
