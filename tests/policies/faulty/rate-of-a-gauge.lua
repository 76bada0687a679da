-- SPDX-License-Identifier: MIT
-- expect: growth tells by how much
rule "faulty" {
	run = function(vm, state, host)
		return vm:rate("rss_bytes")
	end,
}
