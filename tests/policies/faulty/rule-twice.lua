-- SPDX-License-Identifier: MIT
-- expect: is there already
rule "faulty" {
	run = function(vm, state, host)
		return 1
	end,
}
rule "faulty" {
	run = function(vm, state, host)
		return 2
	end,
}
