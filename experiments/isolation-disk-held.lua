-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-disk-held: what the isolation paper left as future work, for disks.
--
-- Question:   does a limit on the other VMs' disks give VM1 back what their load took?
-- The paper:  future work: measure again with bandwidth control of the disk.
-- Here:       uncached writes to an image a VM, all on the host's one disk, whatever its speed is:
--             a device of a known speed that all share is another process's, which no limit of a
--             VM's cgroup reaches. The control is disk.limit, 2 MB/s for each other VM, which
--             truced carries out as the host allows.
-- Predicted:  uncontrolled VM1 falls, to a third where the disk is what limits it and by less where
--             the emulator is; controlled it keeps nearly all, since 4 MB/s are little for any disk.
return experiment {
	name = "isolation-disk-held",
	asks = "Does a limit on the other VMs' disks give VM1 back what their load took?",
	predicts = "without it VM1 falls, to a third where the disk is the limit; with it hardly",
	vms = { count = 3, vcpus = 1, memory = 128*MiB, pin = "own" },
	disk = { share = "each", format = "raw", cache = "none", size = 64*MiB },
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
