-- SPDX-License-Identifier: MIT
-- expect: 'coroutine' is not offered
rule "faulty" {
	run = function(vm, state, host)
		local c = coroutine.wrap(function() while true do coroutine.yield() end end)
	end,
}
