-- SPDX-License-Identifier: MIT
-- expect: is not a policy's to change
rule "faulty" {
	run = function(vm, state, host)
		string.rep = nil
	end,
}
