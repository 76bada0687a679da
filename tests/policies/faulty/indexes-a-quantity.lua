-- SPDX-License-Identifier: MIT
-- expect: is a quantity and has nothing called
rule "faulty" {
	run = function(vm, state, host)
		return vm.rss.bytes
	end,
}
