-- SPDX-License-Identifier: MIT
-- expect: takes the rule's state first
local hurt = hysteresis { "hurt", low = percent(1), high = percent(2) }
rule "faulty" {
	run = function(vm, state, host)
		return hurt(vm.waiting)
	end,
}
