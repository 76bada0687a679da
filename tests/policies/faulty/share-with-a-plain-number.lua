-- SPDX-License-Identifier: MIT
-- expect: a share is compared with a share, as percent(90)
rule "faulty" {
	scope = "host",
	run = function(host)
		if host.utilisation_15min > 90 then
			host:set("ksm.run", 1)
		end
	end,
}
