-- SPDX-License-Identifier: MIT
-- expect: changed the file's local 'count'
local count = 0
rule "faulty" {
	run = function(vm, state, host)
		count = count + 1
	end,
}
