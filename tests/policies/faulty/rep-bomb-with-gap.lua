-- SPDX-License-Identifier: MIT
-- expect: rep: a text of more than 1 MiB
rule "faulty" {
	run = function(vm, state, host)
		local text = ("x"):rep(1000000000, ("y"):rep(1000))
	end,
}
