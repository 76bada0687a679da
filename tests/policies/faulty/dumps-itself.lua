-- SPDX-License-Identifier: MIT
-- expect: attempt to call a nil value (field 'dump')
rule "faulty" {
	run = function(vm, state, host)
		string.dump(function() end)
	end,
}
