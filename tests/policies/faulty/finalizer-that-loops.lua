-- SPDX-License-Identifier: MIT
-- expect: 'setmetatable' is not offered
rule "faulty" {
	run = function(vm, state, host)
		setmetatable({}, { __gc = function() while true do end end })
	end,
}
