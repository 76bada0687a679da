-- SPDX-License-Identifier: MIT
-- expect: a setting of VMs
rule "faulty" {
	scope = "host",
	run = function(host)
		host:set("cpu.shares", 50)
	end,
}
