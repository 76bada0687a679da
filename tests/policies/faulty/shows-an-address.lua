-- SPDX-License-Identifier: MIT
-- expect: %p shows an address
rule "faulty" {
	run = function(vm, state, host)
		return string.format("%p", state)
	end,
}
