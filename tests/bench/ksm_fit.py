#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Predicts how many imitated VMs of one kind this host holds, and counts it; runs inside a box.

    ksm_fit.py NAME RECIPE DIRECTORY

%d in RECIPE (tests/ksm/recipe.h) is the VM's number. TRUCE, FILL and PREDICT come by the environment.
The prediction is printed, and written into DIRECTORY, before the third VM is there.
"""
import json
import os
import subprocess
import sys
import time

KSM = "/sys/kernel/mm/ksm/"
RESERVE = 0.15      # of the memory: what is beyond the line must be no OOM kill
PASSES = 3          # of ksmd over everything, after the last VM: two to merge, one that was begun
ROUNDS_MOST = 200


def meminfo(name):
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":"))


def ksm(name, value=None):
    if value is not None:
        with open(KSM + name, "w", encoding="ascii") as file:
            file.write(str(value))
    with open(KSM + name, encoding="ascii") as file:
        return int(file.read())


class Vms:
    """Processes that imitate guests."""

    def __init__(self, recipe):
        self.recipe, self.all, self.next = recipe, [], 1000

    def start(self):
        self.next += 1
        recipe = self.recipe.replace("%d", str(self.next))
        vm = subprocess.Popen([os.environ["FILL"], "hold", recipe], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
        self.all.append(vm)
        while (line := vm.stdout.readline()) != "ready\n":
            if not line:
                raise SystemExit("a VM ended before it was ready")
        return vm

    def end(self, keep=0):
        for vm in self.all[keep:]:
            vm.kill()
            vm.wait()
        del self.all[keep:]

    def alive(self):
        return all(vm.poll() is None for vm in self.all)


def predict(vms, rewriting):
    pids = ",".join(str(vm.pid) for vm in vms.all)
    said = subprocess.run([os.environ["TRUCE"], "ksm", "fit", "--json", "--kind", "vm=" + pids, "--wait", "2s",
                           "--reserve", f"{RESERVE * 100:g}%", "--rewriting", str(rewriting)],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(said)


def is_below_the_line():
    return meminfo("MemAvailable") >= meminfo("MemTotal") * RESERVE


def count_off(vms):
    """The largest number that is below the line."""
    while is_below_the_line() and len(vms.all) < ROUNDS_MOST:
        vms.start()
        time.sleep(0.5)
    return len(vms.all) - 1


def merge_all():
    """Whatever can be merged is: ksmd has gone over everything, and more is not shared any more."""
    goal, before = ksm("full_scans") + PASSES, -1
    while ksm("full_scans") < goal or ksm("pages_sharing") - before > 256:
        before = ksm("pages_sharing")
        time.sleep(1)


def count_on(vms, vm_bytes):
    ksm("pages_to_scan", 4000)
    ksm("sleep_millisecs", 2)
    ksm("run", 1)
    line = meminfo("MemTotal") * RESERVE
    while True:
        # Far from the line nothing is waited for: what is not merged yet only takes more.
        if meminfo("MemAvailable") < line + 1.5 * vm_bytes:
            merge_all()
            if not is_below_the_line() or len(vms.all) >= ROUNDS_MOST:
                return len(vms.all) - 1
        vms.start()
        time.sleep(0.5)
        print(f"  {len(vms.all)} VMs, available {meminfo('MemAvailable') >> 20} MiB, sharing {ksm('pages_sharing')} "
              f"pages", flush=True)


def rewrite_one(name, vms, count):
    """As many as fit with room for one: it writes to all it shares, and the line holds."""
    vms.end(keep=count)
    merge_all()
    before = meminfo("MemAvailable")
    vms.all[-1].stdin.write("rewrite\n")
    vms.all[-1].stdin.flush()
    if not vms.all[-1].stdout.readline().startswith("rewritten"):
        raise SystemExit("a VM did not rewrite its memory")
    after, line = meminfo("MemAvailable"), meminfo("MemTotal") * RESERVE
    print(f"{name}, one of {len(vms.all)} rewrites all it shares: available {before / 2**20:.0f} MiB, then "
          f"{after / 2**20:.0f}, line {line / 2**20:.0f}: {'reached' if after >= line else 'not reached'}", flush=True)


def judge(name, predicted, mean, counted):
    off_by = abs(predicted - counted)
    print(f"{name}: predicted {predicted} (of the mean {mean}), counted {counted}: "
          f"{'reached' if off_by <= 1 else 'not reached'}", flush=True)


def main(name, recipe, directory):
    ksm("run", 0)
    # Each processor keeps free pages aside, up to an eighth of the memory, and counts them as used.
    with open("/proc/sys/vm/percpu_pagelist_high_fraction", "w", encoding="ascii") as file:
        file.write("10000")
    vms = Vms(recipe)
    vms.start()
    vms.start()
    said = predict(vms, 0)
    roomy = predict(vms, 1)
    kind, fits = said["kinds"][0], said["fits"]
    text = (f"{name}: {recipe}, each {kind['vm_bytes'] / 2**20:.1f} MiB, its own {kind['own_bytes'] / 2**20:.1f} MiB; "
            f"line {said['host']['line_bytes'] / 2**20:.0f} MiB; predicted {fits['off']} off (mean {fits['off_mean']}), "
            f"{fits['on']} on (mean {fits['on_mean']}), {roomy['fits']['on']} with room for one that rewrites all")
    print(text, flush=True)
    with open(f"{directory}/{name}.predicted", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    if os.environ.get("PREDICT"):
        vms.end()
        return 0
    off = count_off(vms)
    vms.end()
    judge(f"{name}, off", fits["off"], fits["off_mean"], off)
    on = count_on(vms, kind["vm_bytes"])
    alive = vms.alive()
    rewrite_one(name, vms, roomy["fits"]["on"])
    alive = alive and vms.alive()
    judge(f"{name}, on", fits["on"], fits["on_mean"], on)
    vms.end()
    ksm("run", 2)
    if not alive:
        print(f"{name}: a VM was killed: not reached")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
