-- SPDX-License-Identifier: MIT
-- expect: there is no such figure: did you mean utilisation_15min
rule "faulty" {
	scope = "host",
	run = function(host)
		return host.utilization_15min
	end,
}
