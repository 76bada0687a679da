-- SPDX-License-Identifier: MIT
-- expect: 'pcall' is not offered
rule "faulty" {
	run = function(vm, state, host)
		while true do
			pcall(function() while true do end end)
		end
	end,
}
