-- SPDX-License-Identifier: MIT
-- expect: too many results to unpack
rule "faulty" {
	run = function(vm, state, host)
		return table.unpack({}, 1, 100000000)
	end,
}
