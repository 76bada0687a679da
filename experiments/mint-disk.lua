-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- mint-disk: configurations 1, 4 and 7 of the Mint paper, disk.
--
-- Question:   does a VM, or another VM beside it, change how fast a disk is read?
-- The paper:  1: one Linux, no VM. 4: one Linux, KVM, one guest. 7: one Linux with two cores,
--             KVM, two guests, one after the other and at the same time. Reads of the blocks of
--             a disk area. Found: two hypervisors (6) about 8 % faster than one (7), at once.
-- Here:       guests of 128 MiB and one vCPU, where the paper had 512 MB on hosts of as much,
--             which left no headroom. In 7 each guest has a core of its own. Configurations 2,
--             3, 5 and 6 need OS nodes, and come with them. In 1 the file is in /var/tmp, on the
--             same disk as the images, and stays there.
-- Predicted:  less through a VM than without; at once less for each, since both images are on
--             one disk.
return experiment {
	name = "mint-disk",
	asks = "Does a VM, or another VM beside it, change how fast a disk is read?",
	predicts = "slower through a VM, and at once slower still, since one disk serves both",
	vms = { count = 1, vcpus = 1, memory = 128*MiB, pin = "own" },
	disk = { share = "each", cache = "none", size = 64*MiB },
	subject = { work = "disk-read", file = "/data/f", size = 24*MiB, block = 64*KiB,
		    direct = true, keep = true },
	vary = {
		{ "configuration", { name = "1, vanilla", ["vms.kind"] = "process",
				     ["subject.file"] = "/var/tmp/truce-mint-disk",
				     ["disk.share"] = "none" },
				   { name = "4, one guest" },
				   { name = "7, one of two guests", ["vms.count"] = 2, loaded = 1 },
				   { name = "7, both guests at once", ["vms.count"] = 2, loaded = 2 } },
	},
	baseline = { configuration = "4, one guest" },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.3*s, duration = 1.5*s },
}
