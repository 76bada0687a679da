-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-udp: the isolation paper's table, UDP, send and receive.
--
-- Question:   does network load of other VMs change VM1's UDP throughput, and what is lost?
-- The paper:  as for TCP (isolation-tcp.lua). Found: senders overrun the physical link, and
--             packets are lost.
-- Here:       a link of 20 Mbit/s, and each sender sends 15 Mbit/s: one fits, two do not. So
--             what VM1 sends does not fall, but what arrives does; of a receiving VM the rate is
--             what arrives. What was lost is counted at the receiver. Unpinned as well; quick:
--             pinned only.
-- Predicted:  sending: VM1 sends as much as ever (it is not told). Receiving: two loaded VMs get
--             two thirds of what they are sent, three 44 %; the rest is lost.
return experiment {
	name = "isolation-udp",
	asks = "Does network load of other VMs change VM1's UDP throughput, and what is lost?",
	predicts = "a sender sends as much as ever; a receiver gets 2/3 of what it is sent beside one "
		.. "other, 44 % beside two",
	vms = { count = 3, vcpus = 2, memory = 128*MiB },
	net = { link = "on", speed = 20*Mbit/s },
	subject = { protocol = "udp" },
	measures = { "rate", "lost" },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "way", { name = "send", ["subject.work"] = "net-send", ["subject.to"] = "peer",
			   ["subject.rate"] = 1875*kB },
			 { name = "receive", ["subject.work"] = "net-receive",
			   ["peer.rate"] = 1875*kB } },
		{ "vms.pin", "own", "none" },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.3*s, duration = 1.5*s, vms = { pin = "own" }, vary = {
		{ "loaded", 1, 2, 3 },
		{ "way", { name = "send", ["subject.work"] = "net-send", ["subject.to"] = "peer",
			   ["subject.rate"] = 1875*kB },
			 { name = "receive", ["subject.work"] = "net-receive",
			   ["peer.rate"] = 1875*kB } } } },
}
