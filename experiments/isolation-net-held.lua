-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-net-held: what the isolation paper left as future work, for the network.
--
-- Question:   does control of what the other VMs send give VM1 back what their load took?
-- The paper:  future work: measure again with bandwidth control of the network.
-- Here:       as isolation-tcp.lua, sending, on a link of 100 Mbit/s. Two controls, both carried out
--             by truced at the taps: "limit" is net.limit, 10 Mbit/s for each other VM all the time;
--             "policy" is policies/net-calm-fast.lua, which looks for itself when the link is full and
--             who fills it, and then does the same by steps, within a second.
-- Predicted:  uncontrolled VM1 falls to a half and a third; controlled, either way, it keeps 90 and 80 %.
--             Alone it keeps all of it.
local limit = 10*Mbit/s
local policy = "policies/net-calm-fast.lua"

return experiment {
	name = "isolation-net-held",
	asks = "Does control of what the other VMs send give VM1 back what their load took?",
	predicts = "without it VM1 falls to a half and a third; with it to 90 and 80 %",
	vms = { count = 3, vcpus = 1, memory = 128*MiB, pin = "own" },
	net = { link = "on", speed = 100*Mbit/s },
	subject = { work = "net-send", to = "peer", protocol = "tcp", block = 64*KiB },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "control", { name = "none" },
			     { name = "limit", ["hold.others.net.limit"] = limit },
			     { name = "policy", policy = policy } },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 3*s, duration = 8*s,
	-- All with two beside VM1, or alone.
	quick = { boots = 10, warmup = 1.5*s, duration = 1.5*s, vary = {
		{ "VM1", { name = "alone", loaded = 1 },
			 { name = "beside two" },
			 { name = "beside two limited", ["hold.others.net.limit"] = limit },
			 { name = "beside two by policy", policy = policy } } },
		baseline = { VM1 = "alone" } },
}
