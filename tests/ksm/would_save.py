#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What KSM would save by the library, what is true by the recipes, and what it saves: side by side.

    would_save.py MIB COUNT SAMPLINGS [MIX...]

COUNT processes of MIB (a multiple of 16) each. Prints a line for each mix and estimate with `reached`
or `not reached`; ends with 1 where a bar is not reached, 77 where this machine cannot tell. The bars:
of what KSM really saves 2 % or 1 MB a process, and of each process's merged pages alike; of what it
saves, sampled 1 in 20 by content, 5 % or 1 MB a process in at least 18 of 20 samplings.
"""
import sys

import pages

MB_PAGES = 256
MODULO = 20


def mixes(mib, count):
    """Sixteenths of each process, so that any size has the same mixes."""
    part = mib // 16
    return {
        "idle": ["zero:%d,text:%d:1,data:%d:%d,data:%d:2:3,text:%d:%d" %
                 (6 * part, 4 * part, 4 * part, 10 + i, part, part, 20 + i)
                 for i in range(count)],
        "identical": ["data:%d:1" % mib] * count,
        "random": ["data:%d:%d" % (mib, 1 + i) for i in range(count)],
        "mixed": ["data:%d:1,data:%d:2:1024,zero:%d,data:%d:%d,read:%d,changing:%d:%d:200" %
                  (6 * part, 2 * part, 2 * part, 4 * part, 10 + i, part, part, 30 + i)
                  for i in range(count - 1)] +
                 ["data:%d:1,data:%d:40,text:%d:3:2" % (4 * part, 8 * part, 4 * part)],
        "one page": ["data:%d:1:%d" % (mib, mib * MB_PAGES)] * count,
        "zero": ["zero:%d,data:%d:%d" % (8 * part, 8 * part, 10 + i) for i in range(count)],
    }


def really(fills, zero_pages):
    """Frames that KSM saves, and merged pages of each process."""
    with pages.Merging(zero_pages):
        seconds = pages.merge_until_converged(fills.pids())
        if seconds is None:
            pages.skip("needs a host on which KSM converges within %d s" % pages.MERGES_SECONDS)
        merged = [pages.merged_of(pid) for pid in fills.pids()]
        frames, mappings = pages.frames_of(fills.pids())
        told = (int(pages.knob("pages_shared")), int(pages.knob("pages_sharing")))
    zero = sum(both[1] for both in merged)
    return {"saved": mappings - frames + zero, "vms": [sum(both) for both in merged],
            "seconds": seconds, "told": told, "mappings": mappings,
            "counted": sum(both[0] for both in merged)}


def off_by(estimate, real):
    """Pages: of the sum, and of the process that is furthest off."""
    return (abs(estimate["saved"] - real["saved"]),
            max(abs(vm["merged"] - merged) for vm, merged in zip(estimate["vms"], real["vms"])))


def within(off, real, per_cent):
    count = len(real["vms"])
    return (off[0] <= max(real["saved"] * per_cent / 100, MB_PAGES * count) and
            off[1] <= max(max(real["vms"]) * per_cent / 100, MB_PAGES))


def print_line(name, what, saved, off, real, good):
    print("%-10s %-22s %9d %8d %7.2f %8d  %s" %
          (name, what, saved, off[0], 100 * off[0] / max(1, real["saved"]), off[1], good))


def judge(name, recipes, samplings):
    zero_pages = name == "zero"
    options = ["--zero-pages"] if zero_pages else []
    with pages.Fills(recipes) as fills:
        true = pages.truth(recipes, zero_pages)
        whole = pages.estimate(fills.pids(), "--again", 200, *options)
        sampled = [pages.estimate(fills.pids(), "--modulo", MODULO, *options)
                   for _ in range(samplings)]
        real = really(fills, zero_pages)
    print("%-10s %-22s %9d" % (name, "KSM, %.1f s" % real["seconds"], real["saved"]))
    off = abs(true["saved"] - real["saved"]), 0
    results = [within(off, real, 2)]
    print_line(name, "by the recipes", true["saved"], off, real, "")
    off = off_by(whole, real)
    results.append(within(off, real, 2))
    print_line(name, "estimated, whole", whole["saved"], off, real,
               "reached" if results[-1] else "not reached")
    if not samplings:
        return results
    offs = sorted((off_by(one, real), one["saved"]) for one in sampled)
    inside = sum(within((one[0][0], 0), real, 5) for one in offs)
    covered = sum(abs(one["saved"] - real["saved"]) <= 2 * one["error"] + MB_PAGES
                  for one in sampled)
    results.append(inside * 20 >= samplings * 18)
    middle = offs[len(offs) // 2]
    print_line(name, "1 in %d, median" % MODULO, middle[1], middle[0], real, "")
    print_line(name, "1 in %d, worst" % MODULO, offs[-1][1], offs[-1][0], real,
               "%d of %d: %s; 2 errors hold %d" % (inside, samplings, "reached" if results[-1] else
                                                   "not reached", covered))
    return results


def main():
    mib, count, samplings = (int(word) for word in sys.argv[1:4])
    table = mixes(mib, count)
    pages.need_ksm_at_rest()
    print("%d processes of %d MiB; pages\n" % (count, mib))
    print("%-10s %-22s %9s %8s %7s %8s" % ("mix", "", "saved", "off", "%", "a VM off"))
    results = []
    for name in sys.argv[4:] or table:
        results += judge(name, table[name], samplings)
    sys.exit(0 if all(results) else 1)


main()
