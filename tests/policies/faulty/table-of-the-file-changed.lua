-- SPDX-License-Identifier: MIT
-- expect: of a table of the file
local seen = {}
rule "faulty" {
	run = function(vm, state, host)
		seen[vm.id] = true
	end,
}
