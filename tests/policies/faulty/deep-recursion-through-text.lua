-- SPDX-License-Identifier: MIT
-- expect: calls itself too deeply
rule "faulty" {
	run = function(vm, state, host)
		local function down(text)
			return (string.gsub(text, ".", down))
		end
		return down("x")
	end,
}
