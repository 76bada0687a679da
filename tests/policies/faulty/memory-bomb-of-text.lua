-- SPDX-License-Identifier: MIT
-- expect: uses more than 24 MiB of memory
rule "faulty" {
	run = function(vm, state, host)
		local text = "x"
		for i = 1, 100 do
			text = text .. text
		end
	end,
}
