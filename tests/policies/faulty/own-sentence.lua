-- SPDX-License-Identifier: MIT
-- expect: the sky falls
rule "faulty" {
	run = function(vm, state, host)
		error("the sky falls")
	end,
}
