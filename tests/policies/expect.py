#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is expected of each shipped policy on its recording, in words.

    truce policy replay --json NAME.lua NAME.truce | expect.py NAME

The goldens beside the recordings hold every byte of a plan. These are the sentences that stay
true when a policy is tuned; the recordings' scenes say what happens when.
"""
import json
import re
import sys

UNITS = {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "kB/s": 1e3, "MB/s": 1e6, "B/s": 1,
         "GB/s": 1e9, "CPUs": 1, "CPU": 1, "us": 1}
RELEASED = None


def number(text):
    """A value as the plan writes it; a list of CPUs and the like have none."""
    match = re.fullmatch(r"(-?[0-9.]+) ?([A-Za-z/]*)", text or "")
    return float(match[1]) * UNITS[match[2]] if match else None


class Plan:
    def __init__(self, text):
        told = json.loads(text)
        self.items = told["items"]
        self.summary = told["summary"]
        self.first = 86400 * 1000000  # where every scene begins
        self.failures = []

    def expect(self, holds, sentence):
        if not holds:
            self.failures.append(sentence)

    def steps(self, vm, setting):
        """(second, value) of each change of it; RELEASED where it was given back."""
        return [((item["monotonic_usec"] - self.first) / 1e6,
                 number(item["to"]) if item["verdict"] == "set" else RELEASED)
                for item in self.items
                if item["verdict"] in ("set", "release") and item["setting"] == setting
                and (item["name"] or "") == vm]

    def values(self, vm, setting, since=0, until=1e9):
        return [value for second, value in self.steps(vm, setting) if since <= second <= until]

    def is_set_at(self, vm, setting, second):
        """What is in force then; RELEASED where nothing of ours is."""
        last = RELEASED
        for when, value in self.steps(vm, setting):
            if when <= second:
                last = value
        return last

    def turns(self, vm, setting, free):
        """How often it changed its direction; it begins with `free`, and where it is given back
        in the end it ends so. Between, something stronger may stand in its place: cpu.idle."""
        directions = []
        before = free
        steps = self.steps(vm, setting)
        for second, value in steps:
            if value is RELEASED and second != steps[-1][0]:
                continue
            value = free if value is RELEASED else value
            if value != before:
                directions.append(value > before)
            before = value
        return sum(a != b for a, b in zip(directions, directions[1:]))

    def touched(self):
        return {(item["name"] or "", item["setting"]) for item in self.items
                if item["verdict"] == "set"}


def falls(values):
    values = [value for value in values if value is not RELEASED]
    return all(a > b for a, b in zip(values, values[1:]))


def rises(values):
    values = [value for value in values if value is not RELEASED]
    return all(a < b for a, b in zip(values, values[1:]))


def figure7(plan):
    busy = plan.values("two", "cpu.nice", 0, 60)
    plan.expect(busy == list(range(3, 16)), "one step each five seconds, up to 15, of the lowest")
    plan.expect(not any(plan.values(vm, "cpu.nice", 65, 110) for vm in ("one", "two", "three")),
                "nothing is done between 10 % and 90 %")
    plan.expect(falls(plan.values("one", "cpu.nice")) and plan.values("one", "cpu.nice")[0] == -1,
                "when idle, of equals the lowest identity rises step by step")
    plan.expect(plan.values("three", "cpu.nice") == [], "the VM between them is left alone")


def gold_first(plan):
    for vm in ("bronze-1", "bronze-2", "bronze-3"):
        hurt = plan.values(vm, "cpu.weight", 10, 40)
        plan.expect(hurt and falls(hurt) and plan.is_set_at(vm, "cpu.idle", 39) == 1,
                    f"{vm}'s weight falls while gold waits, and in the end it runs only when nobody else does")
        plan.expect(not plan.values(vm, "cpu.weight", 40, 69),
                    f"{vm} gets nothing back before gold was calm for half a minute")
        plan.expect(rises(plan.values(vm, "cpu.weight", 70)), f"{vm} then only rises")
        plan.expect(plan.is_set_at(vm, "cpu.weight", 180) is RELEASED, f"{vm} gets all back")
        plan.expect(plan.turns(vm, "cpu.weight", 100) <= 1, f"{vm} changes its direction once")
        plan.expect(plan.turns(vm, "cpu.idle", 0) <= 1, f"{vm} is idle once")
    plan.expect(plan.turns("gold-db", "cpu.weight", 100) <= 1, "gold rises once, and falls once")
    plan.expect(min(plan.values("gold-db", "cpu.weight")) >= 1000, "gold never has less than 1000")
    plan.expect(plan.values("gold-db", "cpu.slice") == [100], "gold has a short slice all the time")
    plan.expect(len(plan.items) <= 300, "at most three hundred lines for four VMs in three minutes")


def fair_per_vcpu(plan):
    plan.expect(plan.values("small", "cpu.weight") == [], "one vCPU is what everybody has: nothing is set")
    plan.expect(plan.values("large", "cpu.weight") == [400], "four vCPUs weigh four times as much")
    plan.expect(plan.values("third", "cpu.weight", 0, 39) == [], "born with one, it is as small")
    plan.expect([round(second) for second, _ in plan.steps("third", "cpu.weight")] == [40, 60],
                "a vCPU that is plugged counts at the next turn, and no more when it is gone")
    plan.expect(plan.is_set_at("third", "cpu.weight", 45) == 200, "two vCPUs weigh twice as much")
    plan.expect(len(plan.items) == 3, "nothing else is ever said")


def soak_idle(plan):
    plan.expect(plan.is_set_at("batch-1", "cpu.idle", 1) == 1, "batch is idle from the beginning")
    plan.expect(plan.is_set_at("batch-1", "cpu.idle", 89) == 1,
                "what starves for less than a minute stays idle")
    turn = plan.steps("batch-1", "cpu.weight")
    plan.expect(len(turn) == 2 and turn[0][1] == 20 and turn[1][1] is RELEASED,
                "who starved for a minute gets one turn with a fifth of the usual weight")
    plan.expect(len(turn) == 2 and 85 <= turn[0][0] <= 95 and 4 <= turn[1][0] - turn[0][0] <= 6,
                "the turn comes after a minute, and lasts five seconds")
    plan.expect(plan.is_set_at("batch-1", "cpu.idle", 100) == 1, "afterwards it is idle again")
    plan.expect(plan.is_set_at("batch-1", "disk.weight", 199) == 1, "it has the least of the disks")
    plan.expect({vm for vm, _ in plan.touched()} == {"batch-1"}, "nobody else is touched")


def memory_pressure(plan):
    plan.expect(min(second for second, _ in plan.steps("roomy", "memory.balloon")) >= 60,
                "nothing is taken while there is enough")
    taken = plan.values("roomy", "memory.balloon", 60, 159)
    plan.expect(falls(taken) and len(taken) >= 4, "the balloon takes in steps while it is short")
    plan.expect(min(plan.values("roomy", "memory.balloon", 0)[:-1]) >= 2.25 * 2**30,
                "never below what the guest uses (2 GiB) and 256 MiB")
    plan.expect(plan.is_set_at("roomy", "memory.balloon", 175) > taken[-1],
                "a guest that needs more gets it, short or not")
    plan.expect(plan.is_set_at("roomy", "memory.balloon", 400) is RELEASED, "all comes back")
    plan.expect(plan.turns("roomy", "memory.balloon", 8 * 2**30) <= 1, "it takes, then it gives")
    plan.expect(not plan.values("bare", "memory.balloon"), "who has no balloon is not asked to use it")
    reclaims = [second for second, _ in plan.steps("bare", "memory.reclaim")]
    plan.expect(reclaims and all(60 <= second <= 220 for second in reclaims),
                "the kernel reclaims only while it is short")
    plan.expect(not [second for second in reclaims if 130 <= second <= 180],
                "and not for a minute from where the VM waited for its own memory")
    plan.expect(plan.is_set_at("", "ksm.run", 65) == 1, "KSM runs while it is short")
    plan.expect(rises(plan.values("", "ksm.pages_to_scan", 0, 200)), "and scans faster while it helps")
    plan.expect(plan.is_set_at("", "ksm.run", 600) is RELEASED, "KSM is left as it was found")
    plan.expect(plan.is_set_at("", "ksm.run", 480) == 1, "but not before five minutes of calm")
    plan.expect(len(plan.items) <= 60, "at most sixty lines in a quarter of an hour")


def ksm_tune(plan):
    sleep = lambda second: plan.is_set_at("", "ksm.sleep_millisecs", second)
    pages = lambda second: plan.is_set_at("", "ksm.pages_to_scan", second)
    plan.expect(plan.is_set_at("", "ksm.run", 1) == 1 and sleep(2) == 10 and pages(2) >= 1000,
                "it begins with a sweep")
    plan.expect(sleep(10) == 1000 and pages(10) <= 10000, "which ends after two passes, in a crawl")
    plan.expect(sleep(59) == 1000, "where there is nothing new it crawls on")
    plan.expect(sleep(62) == 10, "a birth begins a sweep at once")
    plan.expect(sleep(75) == 1000, "which ends as well")
    plan.expect(plan.is_set_at("", "ksm.run", 125) == 0, "ksmd stands still where somebody waits for a CPU")
    plan.expect(plan.is_set_at("", "ksm.run", 170) == 1 and sleep(170) == 1000, "and goes on crawling after")
    sweeps = [second for second, value in plan.steps("", "ksm.sleep_millisecs") if value == 10 and second > 199]
    plan.expect(2 <= len(sweeps) <= 8, "growth begins sweeps")
    plan.expect(len(sweeps) >= 2 and sweeps[-1] - sweeps[-2] > sweeps[1] - sweeps[0],
                "rarer ones where nothing of it merges")
    plan.expect(plan.touched() <= {("", "ksm.run"), ("", "ksm.pages_to_scan"), ("", "ksm.sleep_millisecs")},
                "nothing else is turned")


def disk_calm(plan):
    for knob in ("disk.read_max", "disk.write_max"):
        hurt = plan.values("bronze-copy", knob, 20, 60)
        plan.expect(hurt and falls(hurt), f"{knob} of the copy is halved while gold waits")
        plan.expect(min(hurt) >= 1e6, f"{knob} is never below 1 MB/s")
        plan.expect(not plan.values("bronze-copy", knob, 62, 89), "half a minute of calm comes first")
        plan.expect(rises(plan.values("bronze-copy", knob, 90)), f"{knob} comes back in steps")
        plan.expect(plan.is_set_at("bronze-copy", knob, 150) is RELEASED, f"{knob} is given back")
        plan.expect(plan.turns("bronze-copy", knob, 1e12) <= 1, f"{knob} changes direction once")
    plan.expect("bronze-quiet" not in {vm for vm, _ in plan.touched()}, "who is quiet is left alone")
    plan.expect([item["verdict"] for item in plan.items if item["asked"] == "disk.shares"] == ["cannot"],
                "that weights do not act here is said, once")
    plan.expect(len(plan.items) <= 60, "at most sixty lines")


def net_calm(plan):
    for vm in ("bronze-1", "bronze-2"):
        full = plan.values(vm, "net.out_max", 20, 50)
        plan.expect(full and falls(full), f"{vm}'s ceiling falls while the line is full")
        plan.expect(not plan.values(vm, "net.out_max", 52, 79), "half a minute of room comes first")
        plan.expect(min(value for value in plan.values(vm, "net.out_max") if value) >= 1.25e6,
                    f"{vm} has never less than 10 Mbit/s")
        plan.expect(plan.is_set_at(vm, "net.out_max", 240) is RELEASED, f"{vm} gets all back")
    plan.expect(any(110 <= second <= 122 for second, _ in plan.steps("bronze-1", "net.out_max")),
                "packets that gold loses are a reason too")
    plan.expect(plan.turns("bronze-1", "net.out_max", 125e6) <= 3, "two troubles, three turns at most")
    plan.expect("bronze-quiet" not in {vm for vm, _ in plan.touched()}, "who is quiet is left alone")
    plan.expect(plan.values("gold-web", "net.out_min") == [12.5e6], "gold's guarantee stands all the time")
    plan.expect(plan.values("gold-web", "net.out_max") == [], "gold has no ceiling")


def night_batch(plan):
    hours = 3600
    old = lambda hour: plan.is_set_at("batch-old", "cpu.weight", (hour - 12) * hours)
    plan.expect(old(12.5) == 10 and old(20.9) == 10, "a tenth by day")
    plan.expect(old(22.1) == 400 and old(28.9) == 400, "four times at night, over midnight")
    plan.expect(old(30.1) == 10 and old(40) == 10, "a tenth again from six in the morning")
    plan.expect(10 < old(21.5) < 400 and 10 < old(29.5) < 400, "between them it is neither")
    evening = plan.values("batch-old", "cpu.weight", 8.9 * hours, 10.1 * hours)
    plan.expect(len(evening) == 12 and rises(evening), "twelve steps of an evening, upwards")
    plan.expect(all(1.2 < b / a < 1.6 for a, b in zip(evening, evening[1:])),
                "each step is about the same ratio")
    plan.expect(plan.steps("batch-new", "cpu.weight")[0] == (12 * hours, 400),
                "who is born at midnight has the night's shares at once")
    plan.expect(plan.values("batch-old", "disk.weight") == plan.values("batch-old", "cpu.weight"),
                "disks and CPU go together")
    plan.expect(plan.turns("batch-old", "cpu.weight", 100) <= 3, "up and down once a day")
    plan.expect("web" not in {vm for vm, _ in plan.touched()}, "who serves people is left alone")


def main():
    name = sys.argv[1]
    plan = Plan(sys.stdin.read())
    plan.expect(plan.summary["warnings"] == 0, "no rule stumbles")
    plan.expect(all(item["cause"]["because"] for item in plan.items), "each change says why")
    globals()[name.replace("-", "_")](plan)
    for sentence in plan.failures:
        print(f"{name}: not so: {sentence}")
    return 1 if plan.failures else 0


if __name__ == "__main__":
    sys.exit(main())
