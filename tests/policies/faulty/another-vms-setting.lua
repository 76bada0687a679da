-- SPDX-License-Identifier: MIT
-- expect: asks for its own VM alone
rule "faulty" {
	run = function(vm, state, host)
		host.vms[1]:set("cpu.shares", 50)
		host.vms[2]:set("cpu.shares", 50)
	end,
}
