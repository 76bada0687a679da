-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
rule "faulty" {
	on = "birth",
	run = function(vm)
		while true do end
	end,
}
