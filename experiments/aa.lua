-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- aa: the laboratory's own test.
--
-- Question:   do two identical measurements on this host come out the same?
-- The paper:  none; a naive benchmark called two identical machines 38 % different.
-- Here:       nothing differs, so nothing may be found. The second copy of the only cell is told
--             apart from the first by chance alone; what this finds is the noise of the host, below
--             which no other experiment on it can conclude anything. How often it is wrong is
--             measured by tests/bench/lab-error-rate.sh.
-- Predicted:  no difference, in 19 of 20.
return experiment {
	name = "aa",
	asks = "Do two identical measurements on this host come out the same?",
	predicts = "yes: nothing differs between them",
	vms = { count = 2, vcpus = 1, memory = 128*MiB, pin = "own" },
	subject = { work = "cpu-integer" },
	others = { work = "cpu-integer" },
	boots = 20, warmup = 2*s, duration = 8*s,
	quick = { boots = 10, warmup = 1*s, duration = 3*s },
}
