-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
rule "faulty" {
	run = function(vm, state, host)
		local function f() return f() end
		return f()
	end,
}
