-- SPDX-License-Identifier: MIT
-- expect: 'os' is not offered
rule "faulty" {
	run = function(vm, state, host)
		os.execute("true")
	end,
}
