-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-disk-write: the isolation paper's table, disk write, with and without the page cache.
--
-- Question:   does disk load of other VMs change how fast VM1 writes its disk?
-- The paper:  a physical disk a VM (virtio) behind one controller; IOzone 3.408 over 1 GB, page
--             cache on and off, while 1, 2 and 3 VMs did so. Found: cached no difference;
--             uncached the rate fluctuated, because the controller takes one request after
--             another.
-- Here:       a raw image a VM, all on the host's one file system, opened O_DIRECT so that the
--             host's cache is none of it; 48 MiB of it, which the guest's cache holds, in blocks
--             of 64 KiB. So the device below is shared, where the paper's VMs had one each.
--             Unpinned as well. Quick: pinned only.
-- Predicted:  cached no change while the guest's memory takes it; uncached less, and less
--             evenly, with each loaded VM. Look at p01 beside the mean.
return experiment {
	name = "isolation-disk-write",
	asks = "Does disk load of other VMs change how fast VM1 writes its disk?",
	predicts = "cached no change; uncached less and less evenly with each loaded VM",
	vms = { count = 3, vcpus = 2, memory = 256*MiB },
	disk = { share = "each", format = "raw", cache = "none", size = 128*MiB },
	subject = { work = "disk-write", file = "/data/f", size = 48*MiB, block = 64*KiB,
		    keep = true },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "page cache", { name = "on", ["subject.direct"] = false },
				{ name = "off", ["subject.direct"] = true } },
		{ "vms.pin", "own", "none" },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.3*s, duration = 1.5*s, vms = { pin = "own" }, vary = {
		{ "loaded", 1, 2, 3 },
		{ "page cache", { name = "on", ["subject.direct"] = false },
				{ name = "off", ["subject.direct"] = true } } } },
}
