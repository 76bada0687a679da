-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- file-server: the figure of the I/O paper: VM memory, size of the data, and DIRECT.
--
-- Question:   how much memory should a VM have, and should the host cache its disk?
-- The paper:  FFSB in 6 VMs at once on one host; VMs of 128 MB and 1 GB, data of 128 MB to 4 GB,
--             the image cached by the host or opened O_DIRECT. Found: memory helps while the
--             data fits the guest's cache; once it does not, O_DIRECT is faster.
-- Here:       file-server, the same four kinds of operation on many small files, in three VMs of
--             96 and 384 MiB with 16 to 256 MiB of data, so that sizes and memory keep the
--             paper's proportions (data from an eighth of the larger memory to more than the
--             smaller). The host's disk is what it is, and its cache larger than all the data
--             together, which favours the cached image. Quick: one memory, data within and
--             beyond it.
-- Predicted:  with the data in the guest's cache both ways are equal; beyond it the cached image
--             is faster here, since the host has memory enough for all of it, where the paper's
--             had not.
return experiment {
	name = "file-server",
	asks = "How much memory should a VM have, and should the host cache its disk?",
	predicts = "equal while the data fits the guest's cache; beyond it the host's cache helps, for "
		.. "it is large here",
	vms = { count = 3, vcpus = 1, memory = 96*MiB },
	disk = { share = "each", format = "raw", cache = "writeback", size = 384*MiB },
	subject = { work = "file-server", directory = "/data/files", size = 16*MiB, file = 64*KiB },
	vary = {
		{ "disk.cache", "writeback", "none" },
		{ "vms.memory", 96*MiB, 384*MiB },
		{ "subject.size", 16*MiB, 64*MiB, 128*MiB, 256*MiB },
	},
	boots = 12, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 0.3*s, duration = 1*s, vms = { count = 2 },
		  disk = { size = 192*MiB }, vary = {
		{ "disk.cache", "writeback", "none" },
		{ "subject.size", 16*MiB, 96*MiB } } },
}
