-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-net-held: what the isolation paper left as future work, for the network.
--
-- Question:   does a limit on what the other VMs send give VM1 back what their load took?
-- The paper:  future work: measure again with bandwidth control of the network.
-- Here:       as isolation-tcp.lua, sending, on a link of 100 Mbit/s; the control is net.limit,
--             10 Mbit/s for each other VM, which truced sets at its tap.
-- Predicted:  uncontrolled VM1 falls to a half and a third; controlled it keeps 90 and 80 %.
return experiment {
	name = "isolation-net-held",
	asks = "Does a limit on what the other VMs send give VM1 back what their load took?",
	predicts = "without it VM1 falls to a half and a third; with it to 90 and 80 %",
	vms = { count = 3, vcpus = 1, memory = 128*MiB, pin = "own" },
	net = { link = "on", speed = 100*Mbit/s },
	subject = { work = "net-send", to = "peer", protocol = "tcp", block = 64*KiB },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "control", { name = "none" },
			     { name = "limit", ["hold.others.net.limit"] = 10*Mbit/s } },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.5*s, duration = 1.5*s, vary = {
		{ "loaded", 1, 3 },
		{ "control", { name = "none" },
			     { name = "limit", ["hold.others.net.limit"] = 10*Mbit/s } } } },
}
