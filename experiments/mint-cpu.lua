-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- mint-cpu: configurations 1, 4 and 7 of the Mint paper, cpu.
--
-- Question:   does a VM, or another VM beside it, change what a CPU does?
-- The paper:  1: one Linux, no VM. 4: one Linux, KVM, one guest. 7: one Linux with two cores,
--             KVM, two guests, one after the other and at the same time. A program that counts
--             operations. Found: equal in all configurations.
-- Here:       guests of 128 MiB and one vCPU, where the paper had 512 MB on hosts of as much,
--             which left no headroom. In 7 each guest has a core of its own. Configurations 2,
--             3, 5 and 6 need OS nodes, and come with them.
-- Predicted:  4 and 7 equal, and 7's guests no slower at once. 1 against 4 equal on KVM; under
--             emulation a guest is many times slower, which says nothing about hypervisors.
return experiment {
	name = "mint-cpu",
	asks = "Does a VM, or another VM beside it, change what a CPU does?",
	predicts = "guests equal, alone and at once; without a VM as fast as with KVM, and many "
		.. "times faster than emulated",
	vms = { count = 1, vcpus = 1, memory = 128*MiB, pin = "own" },
	subject = { work = "cpu-prime" },
	vary = {
		{ "configuration", { name = "1, vanilla", ["vms.kind"] = "process" },
				   { name = "4, one guest" },
				   { name = "7, one of two guests", ["vms.count"] = 2, loaded = 1 },
				   { name = "7, both guests at once", ["vms.count"] = 2, loaded = 2 } },
	},
	baseline = { configuration = "4, one guest" },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.3*s, duration = 1.5*s },
}
