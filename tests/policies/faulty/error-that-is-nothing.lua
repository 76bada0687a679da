-- SPDX-License-Identifier: MIT
-- expect: an error is a sentence, a text
rule "faulty" {
	run = function(vm, state, host)
		error(nil)
	end,
}
