-- SPDX-License-Identifier: MIT
-- expect: of a table of the file
local all = { seen = {} }
rule "faulty" {
	run = function(vm, state, host)
		all.seen.x = 1
	end,
}
