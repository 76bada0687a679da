-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- ksm-memory: the KSM paper's focus 3.
--
-- Question:   how much memory does KSM save where guests fill memory with random or identical
--             data?
-- The paper:  1 to 4 guests of 1 GB with one same OS on a host of 8 GB, KSM off and on (100
--             pages a scan, 20 ms), guests filling anonymous memory, (a) with random data, (b)
--             with the same everywhere. (b) merged a little under 10 MB more than (a). Memory
--             was read once the merging had converged. Found: the more VMs, the larger the
--             merged share; the VM processes' faults unchanged, so no slow-down.
-- Here:       memory-hold with 16 MiB. Guests of 96 MiB, and ksmd looks at 20 times as many
--             pages a scan, so that it is through them all twice within the warm-up: what is
--             saved in the end does not depend on it, ksmd's CPU time does. Quick: one number of
--             VMs.
-- Predicted:  identical data merges by 16 MiB a VM more than random data.
return experiment {
	name = "ksm-memory",
	asks = "How much does KSM save where guests fill memory with random or identical data?",
	predicts = "identical data merges by 16 MiB a VM more than random data",
	vms = { vcpus = 1, memory = 96*MiB },
	ksm = { state = "on", pages = 2000, sleep = 20*ms },
	subject = { work = "memory-hold", size = 16*MiB, visits = 100 },
	measures = { "vm:ksm_merged_pages", "host:ksm_pages_sharing", "host:memory_available_bytes",
		     "rate", "vm:minor_faults", "vm:major_faults" },
	vary = {
		-- One page more a scan makes it another machine: what a guest frees stays merged, so
		-- each content needs boots of its own.
		{ "content", { name = "random", ["subject.content"] = "random", ["ksm.pages"] = 2000 },
			     { name = "identical", ["subject.content"] = "identical",
			       ["ksm.pages"] = 2001 } },
		{ "ksm.state", "off", "on" },
		{ "vms.count", 1, 2, 3, 4 },
	},
	boots = 12, warmup = 12*s, duration = 8*s,
	quick = { boots = 10, warmup = 3*s, duration = 1*s, vms = { count = 2 }, vary = {
		{ "content", { name = "random", ["subject.content"] = "random", ["ksm.pages"] = 20000 },
			     { name = "identical", ["subject.content"] = "identical",
			       ["ksm.pages"] = 20001 } } } },
}
