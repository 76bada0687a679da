-- SPDX-License-Identifier: MIT
-- expect: 'io' is not offered
rule "faulty" {
	run = function(vm, state, host)
		io.open("/etc/passwd")
	end,
}
