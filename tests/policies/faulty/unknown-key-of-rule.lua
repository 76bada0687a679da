-- SPDX-License-Identifier: MIT
-- expect: 'clas' is not known: did you mean class?
rule "faulty" {
	clas = "gold",
	run = function(vm, state, host)
		return 1
	end,
}
