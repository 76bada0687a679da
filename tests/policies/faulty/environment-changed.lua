-- SPDX-License-Identifier: MIT
-- expect: changed the file's local '_ENV'
rule "faulty" {
	run = function(vm, state, host)
		_ENV = {}
		x = 1
	end,
}
