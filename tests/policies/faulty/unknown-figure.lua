-- SPDX-License-Identifier: MIT
-- expect: there is no such figure: did you mean rss_bytes?
rule "faulty" {
	run = function(vm, state, host)
		return vm.rss_byte
	end,
}
