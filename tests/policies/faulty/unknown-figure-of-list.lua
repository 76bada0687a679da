-- SPDX-License-Identifier: MIT
-- expect: has no such figure
rule "faulty" {
	scope = "host",
	run = function(host, state, vms)
		return vms:most("nonsense")
	end,
}
