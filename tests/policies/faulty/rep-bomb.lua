-- SPDX-License-Identifier: MIT
-- expect: rep: a text of more than 1 MiB
rule "faulty" {
	run = function(vm, state, host)
		local text = string.rep("x", 1e12)
	end,
}
