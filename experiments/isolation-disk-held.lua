-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-disk-held: what the isolation paper left as future work, for disks.
--
-- Question:   does a limit on the other VMs' disks give VM1 back what their load took?
-- The paper:  future work: measure again with bandwidth control of the disk.
-- Here:       one device for all VMs, throttled to 16 MB/s, so that it is the limit; uncached
--             writes. The control is disk.limit, 2 MB/s for each other VM, which truced carries
--             out as the host allows (the VM's own QEMU, or its cgroup).
-- Predicted:  uncontrolled VM1 falls to a half beside one and to a third beside two; controlled
--             it keeps 14/16 and 12/16 of what it has alone.
return experiment {
	name = "isolation-disk-held",
	asks = "Does a limit on the other VMs' disks give VM1 back what their load took?",
	predicts = "without it VM1 falls to a half and a third; with it to 14/16 and 12/16",
	vms = { count = 3, vcpus = 1, memory = 128*MiB, pin = "own" },
	disk = { share = "shared", format = "raw", cache = "none", size = 64*MiB, speed = 16*MB/s },
	subject = { work = "disk-write", file = "/data/f", size = 24*MiB, block = 64*KiB, direct = true,
		    keep = true },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "control", { name = "none" },
			     { name = "limit", ["hold.others.disk.limit"] = 2*MB/s } },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.5*s, duration = 1.5*s, vary = {
		{ "loaded", 1, 3 },
		{ "control", { name = "none" },
			     { name = "limit", ["hold.others.disk.limit"] = 2*MB/s } } } },
}
