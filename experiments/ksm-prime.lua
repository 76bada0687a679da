-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- ksm-prime: the KSM paper's focus 2.
--
-- Question:   how much memory does KSM save where guests search primes, and does it slow them?
-- The paper:  1 to 4 guests of 1 GB with one same OS on a host of 8 GB, KSM off and on (100
--             pages a scan, 20 ms), guests running a search of prime numbers. Memory was read
--             once the merging had converged. Found: the more VMs, the larger the merged share;
--             the VM processes' faults unchanged, so no slow-down.
-- Here:       cpu-prime, whose rate says whether merging slows it. Guests of 96 MiB, and ksmd
--             looks at 20 times as many pages a scan, so that it is through them all twice
--             within the warm-up: what is saved in the end does not depend on it, ksmd's CPU
--             time does. Quick: one number of VMs.
-- Predicted:  as much as in idle guests; the rate unchanged, but for what ksmd takes of a core.
return experiment {
	name = "ksm-prime",
	asks = "How much memory does KSM save where guests search primes, and does it slow them?",
	predicts = "as much as in idle guests; the rate unchanged, but for what ksmd takes of a core",
	vms = { vcpus = 1, memory = 96*MiB },
	ksm = { state = "on", pages = 2000, sleep = 20*ms },
	subject = { work = "cpu-prime" },
	measures = { "vm:ksm_merged_pages", "host:ksm_pages_sharing", "host:memory_available_bytes",
		     "rate", "vm:minor_faults", "vm:major_faults" },
	vary = {
		{ "ksm", "off", "on" },
		{ "vms.count", 1, 2, 3, 4 },
	},
	boots = 12, warmup = 12*s, duration = 8*s,
	quick = { boots = 10, warmup = 3*s, duration = 1*s, ksm = { pages = 20000 },
		  vary = { { "ksm", "off", "on" } }, vms = { count = 3 } },
}
