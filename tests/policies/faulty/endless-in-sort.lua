-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
rule "faulty" {
	run = function(vm, state, host)
		table.sort({ 3, 1, 2 }, function() while true do end end)
	end,
}
