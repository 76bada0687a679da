-- SPDX-License-Identifier: MIT
-- expect: uses more than 24 MiB of memory
local piece = string.rep("0123456789", 10000)
rule "faulty" {
	run = function(vm, state, host)
		local all = {}
		for i = 1, 1000 do
			all[i] = piece .. i
		end
	end,
}
