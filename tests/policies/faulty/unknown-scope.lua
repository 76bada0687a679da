-- SPDX-License-Identifier: MIT
-- expect: scope is "vm" or "host"
rule "faulty" {
	scope = "vms",
	run = function(vm, state, host)
		return 1
	end,
}
