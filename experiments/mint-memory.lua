-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- mint-memory: configurations 1, 4 and 7 of the Mint paper, memory.
--
-- Question:   does a VM, or another VM beside it, change how fast memory is read at random?
-- The paper:  1: one Linux, no VM. 4: one Linux, KVM, one guest. 7: one Linux with two cores,
--             KVM, two guests, one after the other and at the same time. Random reads over a
--             working set of up to 1024 KB. Found: slower with KVM at 1024 KB, whatever the
--             number of hypervisors; slower at once.
-- Here:       guests of 128 MiB and one vCPU, where the paper had 512 MB on hosts of as much,
--             which left no headroom. In 7 each guest has a core of its own. Configurations 2,
--             3, 5 and 6 need OS nodes, and come with them.
-- Predicted:  the larger the working set, the more a VM costs (a walk of two page tables); at
--             once slower where the last-level cache is shared. Under emulation slower by
--             far, and flatter.
return experiment {
	name = "mint-memory",
	asks = "Does a VM, or another VM beside it, change how fast memory is read at random?",
	predicts = "slower with a VM, most at 1024 KiB; at once slower, for the cache is shared",
	vms = { count = 1, vcpus = 1, memory = 128*MiB, pin = "own" },
	subject = { work = "memory-read", size = 1*MiB },
	vary = {
		{ "configuration", { name = "1, vanilla", ["vms.kind"] = "process" },
				   { name = "4, one guest" },
				   { name = "7, one of two guests", ["vms.count"] = 2, loaded = 1 },
				   { name = "7, both guests at once", ["vms.count"] = 2, loaded = 2 } },
		{ "subject.size", 64*KiB, 256*KiB, 1*MiB },
	},
	baseline = { configuration = "4, one guest" },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.3*s, duration = 1*s, vary = {
		{ "configuration", { name = "1, vanilla", ["vms.kind"] = "process" },
				   { name = "4, one guest" },
				   { name = "7, both guests at once", ["vms.count"] = 2, loaded = 2 } },
		{ "subject.size", 64*KiB, 1*MiB } } },
}
