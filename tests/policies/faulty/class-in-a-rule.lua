-- SPDX-License-Identifier: MIT
-- expect: class is said when the file is loaded
rule "faulty" {
	run = function(vm, state, host)
		class "x" { any = true }
	end,
}
