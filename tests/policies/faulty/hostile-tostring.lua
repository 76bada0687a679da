-- SPDX-License-Identifier: MIT
-- expect: 'setmetatable' is not offered
rule "faulty" {
	run = function(vm, state, host)
		error(setmetatable({}, { __tostring = function() while true do end end }))
	end,
}
