-- SPDX-License-Identifier: MIT
-- expect: is made once
rule "faulty" {
	run = function(vm, state, host)
		local hurt = hysteresis { "hurt", low = percent(1), high = percent(2) }
	end,
}
