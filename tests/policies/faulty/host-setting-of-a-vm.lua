-- SPDX-License-Identifier: MIT
-- expect: a setting of the host
rule "faulty" {
	run = function(vm, state, host)
		vm:set("ksm.run", 1)
	end,
}
