-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
rule "faulty" {
	scope = "host",
	run = function(host, state, vms)
		vms:where(function() while true do end end)
	end,
}
