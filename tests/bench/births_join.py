#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""When VMs and vCPUs were made (a log of tiny_vmm's) against when the observer had them listed.

    births_join.py NAME LOG FOLLOWED

prints a line for VMs and one for vCPUs: how many, the quantiles of the time from the call
to the list in milliseconds, how many were never listed, and whether the bar is reached. What was
never listed is later than any other.
"""
import math
import sys

BARS = {"vm": 10.0, "vcpu": 20.0}
CALLS = {"vm": "KVM_CREATE_VM", "vcpu": "KVM_CREATE_VCPU"}


def read_log(path):
    """Key -> (begin, end) of the call, in nanoseconds; the same pid may come again."""
    made = {"vm": [], "vcpu": []}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words[0] == "vm":
                made["vm"].append(((int(words[1]),), int(words[2]), int(words[3])))
            elif words[0] == "vcpu":
                made["vcpu"].append(((int(words[1]), int(words[2])), int(words[4]), int(words[5])))
    return made


def read_followed(path):
    listed = {"vm": {}, "vcpu": {}}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words[0] == "created":
                listed["vm"].setdefault((int(words[2]),), []).append(int(words[1]))
            elif words[0] == "vcpu":
                listed["vcpu"].setdefault((int(words[2]), int(words[3])), []).append(int(words[1]))
    return listed


def latencies(made, listed):
    """Milliseconds from the begin and from the end of each call."""
    result = []
    for key, begin, end in made:
        times = [time for time in listed.get(key, []) if time >= begin]
        first = min(times) if times else math.inf
        result.append(((first - begin) / 1e6, (first - end) / 1e6))
    return result


def quantile(numbers, share):
    return sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]


def main(name, log, followed):
    made, listed = read_log(log), read_followed(followed)
    if not made["vm"]:
        sys.exit(f"{log}: no VM was made")
    for kind in ("vm", "vcpu"):
        times = latencies(made[kind], listed[kind])
        never = sum(math.isinf(begin) for begin, _ in times)
        begin = [begin for begin, _ in times]
        worst = quantile(begin, 0.99)
        print(f"{name:<10} {CALLS[kind]:<16} {len(times):5} {quantile(begin, 0.5):8.2f} "
              f"{quantile(begin, 0.9):8.2f} {worst:8.2f} {max(begin):8.2f} "
              f"{quantile([end for _, end in times], 0.99):12.2f} {never:6}  "
              f"{'reached' if worst <= BARS[kind] else 'not reached'} ({BARS[kind]:.0f})")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: births_join.py NAME LOG FOLLOWED")
    main(*sys.argv[1:])
