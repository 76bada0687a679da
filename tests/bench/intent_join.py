#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""When VMs had their first vCPU (a log of tiny_vmm's) against when truced had turned a knob for them.

    intent_join.py NAME LOG LEDGER...

prints a line: how many, the quantiles of the time from the begin of KVM_CREATE_VCPU to the outcome
"applied" in milliseconds, how many never had one, and whether the bar is reached. What was never
applied is later than any other; what was applied before the vCPU was there took no time.
"""
import json
import math
import sys
import time

BAR = 20.0


def wall_minus_monotonic():
    """Nanoseconds; the middle of the closest of some readings."""
    best = None
    for _ in range(20):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        wall = time.time_ns()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        if best is None or after - before < best[0]:
            best = after - before, wall - (before + after) // 2
    return best[1]


def read_born(path):
    """(pid, begin of its first KVM_CREATE_VCPU), in the order of the births."""
    born = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words[0] == "vcpu":
                begin = int(words[4])
                born[words[1]] = min(begin, born.get(words[1], begin))
    return born


def read_applied(paths):
    applied = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                if entry["kind"] == "outcome" and entry["status"] == "applied":
                    pid = entry["vm"].split("-")[0]
                    when = entry["time_usec"] * 1000
                    applied[pid] = min(when, applied.get(pid, when))
    return applied


def quantile(numbers, share):
    return sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]


def main(name, log, ledgers):
    born, applied, offset = read_born(log), read_applied(ledgers), wall_minus_monotonic()
    if not born:
        sys.exit(f"{log}: no VM was made")
    late = [max(0.0, (applied[pid] - offset - begin) / 1e6) if pid in applied else math.inf
            for pid, begin in born.items()]
    worst = quantile(late, 0.99)
    print(f"{name} {len(late):7} {quantile(late, 0.5):8.2f} {quantile(late, 0.9):8.2f} {worst:8.2f} "
          f"{max(late):8.2f} {sum(map(math.isinf, late)):6}  "
          f"{'reached' if worst <= BAR else 'not reached'} ({BAR:.0f})")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: intent_join.py NAME LOG LEDGER...")
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
