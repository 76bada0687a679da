-- SPDX-License-Identifier: MIT
-- expect: 'getmetatable' is not offered
rule "faulty" {
	run = function(vm, state, host)
		getmetatable("").__index = function() end
	end,
}
