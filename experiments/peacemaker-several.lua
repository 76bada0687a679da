-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- peacemaker-several: the peacemaker paper's future work, several VMs on one system.
--
-- Question:   what does figure 7's policy do where VMs compete for the CPUs?
-- The paper:  future work.
-- Here:       three VMs with one vCPU each on all the host's cores; all compute, or VM1 beside
--             one more. The policy with a fast clock, as in peacemaker.lua.
-- Predicted:  three busy VMs on two cores load them above 90 %, so the VM of the lowest priority
--             is lowered step by step to nice 15. All are equal at first and of equals the first
--             is taken, and it then is the lowest: always the same one. So one VM of three is
--             held back more and more, to about 3 % of a CPU's weight against the others, and
--             the policy does the opposite of keeping peace; whether it is VM1 depends on which
--             of them is the first. VM1's rate therefore falls to a tenth, or rises by nearly a
--             half.
return experiment {
	name = "peacemaker-several",
	asks = "What does figure 7's policy do where three VMs compete for two CPUs?",
	predicts = "it holds one and the same VM back further and further, and the other two gain",
	vms = { count = 3, vcpus = 1, memory = 128*MiB },
	subject = { work = "cpu-integer" },
	measures = { "rate", "vm:run_delay_usec" },
	vary = {
		{ "policy", "none", "policies/figure7-fast.lua" },
		{ "loaded", 2, 3 },
	},
	boots = 12, warmup = 4*s, duration = 10*s,
	quick = { boots = 10, warmup = 3*s, duration = 3*s, vary = {
		{ "policy", "none", "policies/figure7-fast.lua" } } },
}
