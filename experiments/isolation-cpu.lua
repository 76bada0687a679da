-- SPDX-License-Identifier: GPL-2.0-or-later
-- The first row of the isolation paper's table: VM1 computes, and one after the other the VMs
-- beside it do, too. Once on cores of their own, as in the paper, and once where the host's
-- scheduler puts them.
return experiment {
	name = "isolation-cpu",
	asks = "Does CPU load in other VMs change VM1's speed?",
	predicts = "no change while each VM has cores of its own",
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
