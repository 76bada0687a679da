#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The arithmetic of gold-first.sh.

    gold_first.py now CPU GOLD BRONZE          times so far: clock, idle of the CPU, gold, bronze
    gold_first.py row LABEL BEFORE AFTER LOG   one measurement, as a line of JSON
    gold_first.py table ROWS                   all of them, the median round of each label
"""
import json
import os
import statistics
import sys
import time

BAR_LATE, BAR_LEFT, BAR_BUSY = 1.5, 0.90, 0.95


def descendants(pid):
    """The VMs of a tiny_vmm: its children."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def cpu_nsec(pids):
    total = 0
    for pid in pids:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total


def idle_nsec(cpu):
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            if line.startswith(f"cpu{cpu} "):
                fields = line.split()
                return (int(fields[4]) + int(fields[5])) * (1000000000 // os.sysconf("SC_CLK_TCK"))
    sys.exit(f"there is no CPU {cpu}")


def now(cpu, gold, bronze):
    return {"clock": time.clock_gettime_ns(time.CLOCK_MONOTONIC), "idle": idle_nsec(cpu),
            "gold": cpu_nsec(descendants(gold)),
            "bronze": cpu_nsec(descendants(bronze)) if bronze != gold else 0}


def row(label, before, after, log):
    with open(before, encoding="ascii") as file:
        before = json.load(file)
    with open(after, encoding="ascii") as file:
        after = json.load(file)
    bursts = []
    with open(log, encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if fields[0] == "burst" and before["clock"] <= int(fields[2]) <= after["clock"]:
                bursts.append(int(fields[3]) / 1e6)
    if len(bursts) < 100:
        sys.exit(f"only {len(bursts)} bursts")
    bursts.sort()
    wall = after["clock"] - before["clock"]
    gold = after["gold"] - before["gold"]
    return {"label": label, "bursts": len(bursts),
            "p50": bursts[len(bursts) // 2], "p90": bursts[len(bursts) * 9 // 10],
            "p99": bursts[len(bursts) * 99 // 100], "worst": bursts[-1],
            "left": (after["bronze"] - before["bronze"]) / (wall - gold),
            "busy": 1 - (after["idle"] - before["idle"]) / wall}


def reached(good):
    return "reached" if good else "not reached"


def table(path):
    with open(path, encoding="ascii") as file:
        rows = [json.loads(line) for line in file]
    labels = list(dict.fromkeys(line["label"] for line in rows))
    alone = statistics.median(line["p99"] for line in rows if line["label"] == "alone")
    print(f"{'':<31} bursts  median     90%     99%   worst  99%/alone  bronze of rest  core busy")
    for label in labels:
        mine = [line for line in rows if line["label"] == label]
        median = {key: statistics.median(line[key] for line in mine)
                  for key in ("bursts", "p50", "p90", "p99", "worst", "left", "busy")}
        late = median["p99"] / alone
        text = (f"{label:<31} {median['bursts']:>6.0f} {median['p50']:>7.2f} {median['p90']:>7.2f} "
                f"{median['p99']:>7.2f} {median['worst']:>7.2f} {late:>9.2f}")
        if label != "alone":
            text += f" {median['left']:>14.1%} {median['busy']:>10.1%}"
        print(text)
        if label.startswith("gold-first"):
            print(f"    99 % of bursts within {BAR_LATE} x alone: {reached(late <= BAR_LATE)} "
                  f"(rounds: {', '.join(format(line['p99'] / alone, '.2f') for line in mine)})")
            print(f"    core busy for {BAR_BUSY:.0%}: {reached(median['busy'] >= BAR_BUSY)}")
        if label == "gold-first":
            print(f"    bronze gets {BAR_LEFT:.0%} of what gold leaves: "
                  f"{reached(median['left'] >= BAR_LEFT)}")


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "now":
        print(json.dumps(now(int(arguments[1]), int(arguments[2]), int(arguments[3]))))
    elif len(arguments) == 5 and arguments[0] == "row":
        print(json.dumps(row(*arguments[1:])))
    elif len(arguments) == 2 and arguments[0] == "table":
        table(arguments[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
