#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast memory is read and hashed, what sketches of it say of pairs, how often the interval of a
sample of positions holds the truth, and what a look costs a process that is busy. Prints a line for each,
with its bar and `reached` or `not reached`.

    speed.py MIB ROUNDS RATE_MB

MIB: memory of each process; RATE_MB: the limit under which the busy one is looked at, in MB a second.
"""
import signal
import statistics
import subprocess
import sys
import threading

import pages

PAIR_SHARES = (1, 4, 8, 12, 15)  # sixteenths
TRIALS = 40


def line(what, value, bar, good):
    print("%-58s %14s  %-18s %s" % (what, value, bar, "reached" if good else "not reached"))


def speed(mib, rounds):
    recipes = ["data:%d:1,data:%d:2" % (mib // 2, mib // 2), "data:%d:1,data:%d:3" % (mib // 2, mib // 2)]
    looked, matched = [], []
    with pages.Fills(recipes) as fills:
        for _ in range(rounds):
            told = pages.estimate(fills.pids())
            looked.append(told["bytes"] / told["look_usec"] / 1000)
            matched.append(told["bytes"] / (told["look_usec"] + told["match_usec"]) / 1000)
    for what, figures, bar in (("read and hashed", looked, 4), ("with matching", matched, 2)):
        line("%s, GB per CPU-second, median (best)" % what, "%.2f (%.2f)" %
             (statistics.median(figures), max(figures)), "at least %d" % bar,
             statistics.median(figures) >= bar)


def contents_of(*recipes):
    return pages.truth(recipes)["contents"]


def sketches(mib):
    recipes = ["data:%d:1,data:%d:%d" % (mib * share // 16, mib - mib * share // 16, 10 + share)
               for share in PAIR_SHARES]
    worst, at = 0, ""
    with pages.Fills(recipes) as fills:
        told = pages.estimate(fills.pids())
    for a, b, contents, _ in told["sketched"]:
        true = contents_of(recipes[a]) + contents_of(recipes[b]) - contents_of(recipes[a], recipes[b])
        off = 100 * abs(contents - true) / (mib * 256)
        if off >= worst:
            worst, at = off, "%d for %d contents" % (contents, true)
    line("%d pairs by sketches of %d bytes, worst: %s" %
         (len(told["sketched"]), told["sketch_bytes"], at), "%.2f %%" % worst, "2 % of memory", worst <= 2)


def positions(mib):
    part = mib // 16
    recipes = ["data:%d:1,data:%d:%d,data:%d:9:64,zero:%d,text:%d:%d:2" %
               (4 * part, 6 * part, 10 + i, part, 3 * part, 2 * part, 20 + i) for i in range(3)]
    true, held = pages.truth(recipes)["saved"], 0
    with pages.Fills(recipes) as fills:
        for _ in range(TRIALS):
            least, likely, most = pages.estimate(fills.pids(), "--positions", 100000)["by_position"]
            held += least <= true <= most
    line("a tenth of the positions, truth %d, last %d to %d" % (true, least, most),
         "%d of %d" % (held, TRIALS), "36 of 40", held * 40 >= 36 * TRIALS)


class Looker(threading.Thread):
    """Looks at it again and again at the limit while it is let; begins stopped."""

    def __init__(self, pids, rate):
        super().__init__()
        self.words = [pages.ESTIMATE, "--rate", str(rate)] + pids
        self.ended, self.may = False, threading.Event()
        self.process = None

    def run(self):
        while self.may.wait() and not self.ended:
            self.process = subprocess.Popen(self.words, stdout=subprocess.DEVNULL)
            if self.process.wait() != 0:
                return

    def signal(self, number):
        if self.process is not None:
            self.process.send_signal(number)

    def go(self):
        self.may.set()
        self.signal(signal.SIGCONT)

    def stop(self):
        self.may.clear()
        self.signal(signal.SIGSTOP)

    def end(self):
        self.ended = True
        self.may.set()
        self.signal(signal.SIGKILL)
        self.join()


def block(fill, times):
    return int(fill.tell("work %d" % times).split()[1])


def pair(fill, times, looker, looked_first):
    """How many times the CPU time alone it took while it was looked at."""
    took = {}
    for looked in (looked_first, not looked_first):
        if looked:
            looker.go()
        took[looked] = block(fill, times)
        looker.stop()
    return took[True] / took[False]


def slowed(mib, rounds, rate):
    """Pairs of two short blocks, of which now the one and now the other is looked at. The interval holds
    the median of such pairs in 95 of 100 cases, by their order alone."""
    with pages.Fills(["data:%d:1" % mib]) as fills:
        fill, looker = fills.fills[0], Looker(fills.pids(), rate)
        times = max(1, 100000 // block(fill, 1))
        looker.start()
        ratios = sorted(pair(fill, times, looker, number % 2 == 0) for number in range(rounds))
        looker.end()
    off = [100 * (ratio - 1) for ratio in ratios]
    edge = max(0, int(rounds / 2 - 0.98 * rounds ** 0.5))
    line("a busy process's CPU time while looked at, %d MB/s, %d pairs" % (rate, rounds),
         "%+.2f %%" % statistics.median(off), "at most 2 %", statistics.median(off) <= 2)
    print("  %+.2f to %+.2f %%" % (off[edge], off[rounds - 1 - edge]))


def main():
    mib, rounds, rate = (int(word) for word in sys.argv[1:4])
    speed(mib, max(5, rounds // 4))
    sketches(mib)
    positions(64)
    slowed(128, rounds, rate)


main()
