-- SPDX-License-Identifier: MIT
-- expect: 'collectgarbage' is not offered
rule "faulty" {
	run = function(vm, state, host)
		collectgarbage("stop")
	end,
}
