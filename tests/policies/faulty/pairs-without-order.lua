-- SPDX-License-Identifier: MIT
-- expect: a key that is no number and no text has no order
rule "faulty" {
	run = function(vm, state, host)
		for key in pairs({ [{}] = 1 }) do end
	end,
}
