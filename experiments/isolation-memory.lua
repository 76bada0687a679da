-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-memory: the isolation paper's table, row memory.
--
-- Question:   does memory traffic of other VMs change how fast VM1 writes memory?
-- The paper:  VM1 and VM2 on one socket, VM3 on the other; 1 GB of memory written 1000 times,
--             timed, while 1, 2 and 3 VMs did so. Found: no difference.
-- Here:       64 MiB are written again and again, and the rate is counted: still far beyond the
--             guest's share of a last-level cache, and a boot takes a second less. Unpinned as
--             well.
-- Predicted:  a few per cent less with each loaded VM on a real host, since the memory bus is
--             shared whatever the cores are; emulated guests write too slowly to fill it: no
--             change. The paper's machine had a bus to spare.
return experiment {
	name = "isolation-memory",
	asks = "Does memory traffic of other VMs change how fast VM1 writes memory?",
	predicts = "no change under emulation; some per cent less with each VM on real hardware, whose "
		.. "memory bus is shared",
	vms = { count = 3, vcpus = 2, memory = 256*MiB },
	subject = { work = "memory-write", size = 64*MiB },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "vms.pin", "own", "none" },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.5*s, duration = 2*s, vary = { { "loaded", 1, 2, 3 } },
		  vms = { pin = "own", memory = 192*MiB } },
}
