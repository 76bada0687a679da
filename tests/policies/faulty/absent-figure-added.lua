-- SPDX-License-Identifier: MIT
-- expect: vm.pss_bytes was absent
rule "faulty" {
	run = function(vm, state, host)
		return vm.pss + 5 * GiB
	end,
}
