-- SPDX-License-Identifier: MIT
-- expect: rule "faulty" uses more than 24 MiB of memory
local function down(n)
	return down(n + 1) + 1
end
rule "faulty" {
	run = function(vm, state, host)
		return down(1) + 1
	end,
}
