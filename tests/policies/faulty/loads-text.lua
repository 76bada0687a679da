-- SPDX-License-Identifier: MIT
-- expect: 'load' is not offered
rule "faulty" {
	run = function(vm, state, host)
		load("return 1")()
	end,
}
