-- SPDX-License-Identifier: MIT
-- expect: 'debug' is not offered
rule "faulty" {
	run = function(vm, state, host)
		debug.getregistry()
	end,
}
