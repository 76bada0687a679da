-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-cpu: the isolation paper's table, row CPU.
--
-- Question:   does CPU load in other VMs change VM1's speed?
-- The paper:  2 x 6 cores, three VMs of 2 vCPUs and 4 GB, each on cores of its own; Dhrystone
--             1.1 in VM1 while 1, 2 and 3 VMs ran it. Found: no difference.
-- Here:       the same steps with cpu-integer; memory is 128 MiB, which this workload does not
--             use. Unpinned as well, which the paper did not measure. A host with fewer than six
--             cores gives one vCPU each, and with fewer than three only VM1 has a core of its
--             own. Quick: pinned only.
-- Predicted:  pinned no change, but for what a shared cache, clock and emulator cost; unpinned
--             on two cores a third loaded VM costs VM1 a third of its speed.
return experiment {
	name = "isolation-cpu",
	asks = "Does CPU load in other VMs change VM1's speed?",
	predicts = "no change while each VM has cores of its own; unpinned, a third less where three VMs "
		.. "share two cores",
	vms = { count = 3, vcpus = 2, memory = 128*MiB },
	subject = { work = "cpu-integer" },
	others = { work = "cpu-integer" },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "vms.pin", "own", "none" },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.5*s, duration = 2*s, vary = { { "loaded", 1, 2, 3 } },
		  vms = { pin = "own" } },
}
