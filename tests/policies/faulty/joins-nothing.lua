-- SPDX-License-Identifier: MIT
-- expect: joins
rule "faulty" {
	run = function(vm, state, host)
		return vm.rss .. nil
	end,
}
