-- SPDX-License-Identifier: MIT
-- expect: '_G' is not offered
rule "faulty" {
	run = function(vm, state, host)
		_G.x = 1
	end,
}
