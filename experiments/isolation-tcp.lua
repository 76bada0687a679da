-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- isolation-tcp: the isolation paper's table, TCP, send and receive.
--
-- Question:   does network load of other VMs change VM1's TCP throughput?
-- The paper:  one network port shared by all VMs through a bridge, the peer on another machine;
--             netperf 2.6.0 with messages of 8 MB, while 1, 2 and 3 VMs sent, or received.
--             Found: throughput falls as VMs are added.
-- Here:       a bridge, a tap a VM, and a link of 100 Mbit/s to a peer in another network
--             namespace: slow enough that it, and not the emulated guests, is the limit. Blocks
--             of 64 KiB. Unpinned as well. Quick: pinned only.
-- Predicted:  as in the paper: a half of the link with two VMs and a third with three, each way.
return experiment {
	name = "isolation-tcp",
	asks = "Does network load of other VMs change VM1's TCP throughput?",
	predicts = "two loaded VMs leave VM1 a half of the link, three a third",
	vms = { count = 3, vcpus = 2, memory = 128*MiB },
	net = { link = "on", speed = 100*Mbit/s },
	subject = { protocol = "tcp" },
	measures = { "rate" },
	vary = {
		{ "loaded", 1, 2, 3 },
		{ "way", { name = "send", ["subject.work"] = "net-send", ["subject.to"] = "peer" },
			 { name = "receive", ["subject.work"] = "net-receive" } },
		{ "vms.pin", "own", "none" },
	},
	baseline = { loaded = 1 },
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.3*s, duration = 1.5*s, vms = { pin = "own" }, vary = {
		{ "loaded", 1, 2, 3 },
		{ "way", { name = "send", ["subject.work"] = "net-send", ["subject.to"] = "peer" },
			 { name = "receive", ["subject.work"] = "net-receive" } } } },
}
