-- SPDX-License-Identifier: MIT
-- expect: it took more CPU time than a turn may | it did not answer within
rule "faulty" {
	run = function(vm, state, host)
		string.find(("a"):rep(40), ("a?"):rep(40) .. ("a"):rep(40))
	end,
}
