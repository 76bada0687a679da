-- SPDX-License-Identifier: MIT
-- expect: the policy has no such class
rule "faulty" {
	scope = "host",
	run = function(host, state, vms)
		return vms:class("gold")
	end,
}
