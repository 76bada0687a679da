-- SPDX-License-Identifier: MIT
-- expect: only plain numbers have powers
rule "faulty" {
	run = function(vm, state, host)
		return vm.rss ^ 2
	end,
}
