-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
rule "faulty" {
	run = function(vm, state, host)
		::again::
		goto again
	end,
}
