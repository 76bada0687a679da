-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- ksm-idle: the KSM paper's focus 1.
--
-- Question:   how much memory does KSM save where identical guests idle?
-- The paper:  1 to 4 guests of 1 GB with one same OS on a host of 8 GB, KSM off and on (100
--             pages a scan, 20 ms), guests booted and idle. Memory was read once the merging had
--             converged. Found: the more VMs, the larger the merged share; the VM processes'
--             faults unchanged, so no slow-down.
-- Here:       a guest that visits one page a second stands for an idle one. Guests of 96 MiB,
--             and ksmd looks at 20 times as many pages a scan, so that it is through them all
--             twice within the warm-up: what is saved in the end does not depend on it, ksmd's
--             CPU time does. Quick: one number of VMs.
-- Predicted:  what the kernel and the boot left alike merges: some MiB a VM, none with one VM.
return experiment {
	name = "ksm-idle",
	asks = "How much memory does KSM save where identical guests idle?",
	predicts = "what the kernel and the boot left alike merges: some MiB a VM, none with one VM",
	vms = { vcpus = 1, memory = 96*MiB },
	ksm = { state = "on", pages = 2000, sleep = 20*ms },
	subject = { work = "memory-hold", size = 64*KiB, visits = 1 },
	measures = { "vm:ksm_merged_pages", "host:ksm_pages_sharing", "host:memory_available_bytes",
		     "vm:minor_faults", "vm:major_faults" },
	vary = {
		{ "ksm", "off", "on" },
		{ "vms.count", 1, 2, 3, 4 },
	},
	boots = 12, warmup = 12*s, duration = 8*s,
	quick = { boots = 10, warmup = 3*s, duration = 1*s, ksm = { pages = 20000 },
		  vary = { { "ksm", "off", "on" } }, vms = { count = 3 } },
}
