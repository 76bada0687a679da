#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the capacity model to hosts that are simulated page by page.

    fit_oracle.py FIT_PRINT

Populations of VMs are made with a stated seed: each VM is a list of the contents of its pages. The
truth is counted: VMs are put on the host one after the other, until what they take (every page;
or, merged, of each content a frame for each 256 pages) is past the line. The prediction is of
FIT_PRINT, which sees the first VMs alone. Nothing here knows how it predicts.
"""
import math
import random
import subprocess
import sys
from collections import Counter

PAGE, ITEM, SHARING = 4096, 64, 256
SEED = 20261121


class Population:
    """VMs of one kind: what all have, what a share of them has, and what one has alone."""

    def __init__(self, rng, core, pool, chance, own, spread=0.0, copies=0, zero=0, changing=0,
                 other=0, base=0):
        self.rng, self.other, self.base = rng, other, base
        self.core, self.pool, self.chance, self.own = core, pool, chance, own
        self.spread, self.copies, self.zero, self.changing = spread, copies, zero, changing

    def vm(self):
        rng = self.rng
        pages = [self.base + i for i in range(self.core)]
        pages += [self.base + 10**7 + i for i in range(self.pool) if rng.random() < self.chance]
        pages += [self.base + 2 * 10**7] * self.copies
        total = self.core + self.pool * self.chance + self.copies + self.own
        own = max(0, round(self.own + rng.gauss(0, self.spread) * total))
        pages += [rng.getrandbits(62) | 1 << 62 for _ in range(own)]
        return {"pages": pages, "zero": self.zero, "changing": self.changing, "other": self.other}


def resident(vm):
    return (len(vm["pages"]) + vm["zero"] + vm["changing"]) * PAGE + vm["other"]


def merged(vms):
    """Bytes of these VMs merged, and what the dearest one adds that rewrites all it shares."""
    contents = Counter()
    for vm in vms:
        contents.update(vm["pages"])
    frames = sum(math.ceil(pages / SHARING) for pages in contents.values())
    frames += math.ceil(sum(vm["zero"] for vm in vms) / SHARING)
    frames += sum(vm["changing"] for vm in vms)
    items = sum(resident(vm) - vm["other"] for vm in vms) / PAGE
    dearest = 0
    if len(vms) > 1:
        for vm in vms:
            mine = Counter(vm["pages"])
            alone = sum(math.ceil(n / SHARING) for c, n in mine.items() if contents[c] == n)
            dearest = max(dearest, len(vm["pages"]) - alone + vm["zero"])
    return frames * PAGE + items * ITEM + sum(vm["other"] for vm in vms), dearest * PAGE


def truth(draw, host):
    """The largest number of VMs that the host holds unmerged and merged."""
    vms, off, on = [], None, None
    while off is None or on is None:
        vms.append(draw(len(vms)))
        assert len(vms) < 200
        if off is None and sum(resident(vm) for vm in vms) > host:
            off = len(vms) - 1
        if on is None:
            takes, rewritten = merged(vms)
            if takes + rewritten > host:
                on = len(vms) - 1
    return off, on


def predict(program, observed, kinds, mix, host, risk, spread):
    lines = [f"{host} 0 0 {risk} {spread} 1 {SHARING} 0 {kinds} " + " ".join(map(str, mix))]
    for kind, vm in observed:
        lines.append(f"{kind} {vm['other']} 0 0 {vm['zero']} {vm['changing']} {len(vm['pages'])} " +
                     " ".join(map(str, vm["pages"])))
    said = subprocess.run([program], input="\n".join(lines) + "\n", text=True, check=True,
                          stdout=subprocess.PIPE).stdout.split()
    return dict(zip(("off", "off_mean", "on", "on_mean"), map(int, said)))


def one_kind(program, name, seed, observe, host_pages, **shape):
    population = Population(random.Random(seed), spread=0.003, **shape)
    observed = [population.vm() for _ in range(observe)]
    found = predict(program, [(0, vm) for vm in observed], 1, [1], host_pages * PAGE, 0.01, 0.003)
    off, on = truth(lambda n: observed[n] if n < observe else population.vm(), host_pages * PAGE)
    return judge(f"{name}, seed {seed}", found, off, on)


def judge(name, found, off, on):
    good = (abs(found["off_mean"] - off) <= 1 and abs(found["on_mean"] - on) <= 1 and
            abs(found["off"] - off) <= 1 and abs(found["on"] - on) <= 1)
    print(f"{'ok    ' if good else 'WRONG '} {name}: off {found['off']} (mean {found['off_mean']}, true {off}), "
          f"on {found['on']} (mean {found['on_mean']}, true {on})")
    return good


def mixture(program, seed):
    rng = random.Random(seed)
    a = Population(rng, core=900, pool=0, chance=0, own=300, zero=400, other=20 * PAGE)
    b = Population(rng, core=600, pool=0, chance=0, own=700, base=400, changing=50)
    observed = [(0, a.vm()), (0, a.vm()), (1, b.vm()), (1, b.vm())]
    host = 12000 * PAGE
    found = predict(program, observed, 2, [3, 1], host, 0.01, 0.002)
    # Three of a to one of b, whatever the order of a's and b's.
    off, on = truth(lambda n: b.vm() if n % 4 == 1 else a.vm(), host)
    return judge(f"a mix of two kinds, seed {seed}", found, off, on)


def risk(program, rounds, level, spread):
    """How often more VMs are promised than fit."""
    broken = {"off": 0, "on": 0}
    for seed in range(rounds):
        population = Population(random.Random(SEED + seed), core=200, pool=0, chance=0, own=300, spread=spread)
        observed = [population.vm(), population.vm()]
        host = 9000 * PAGE
        found = predict(program, [(0, vm) for vm in observed], 1, [1], host, level, 0.02)
        off, on = truth(lambda n: population.vm(), host)
        broken["off"] += found["off"] > off
        broken["on"] += found["on"] > on
    # Three standard deviations of a share that is what was said.
    allowed = rounds * level + 3 * math.sqrt(rounds * level * (1 - level))
    good = max(broken.values()) <= allowed
    print(f"{'ok    ' if good else 'WRONG '} risk {level}, VMs that differ by {spread}: promised too many "
          f"{broken['off']} (off) and {broken['on']} (on) times of {rounds}, allowed {allowed:.1f}")
    return good


SHAPES = [
    ("what all share, and own", 2, 12000, dict(core=900, pool=0, chance=0, own=400)),
    ("zero pages and copies", 2, 12000, dict(core=300, pool=0, chance=0, own=500, copies=700, zero=900)),
    ("nothing shared", 2, 12000, dict(core=0, pool=0, chance=0, own=1100)),
    ("changing pages", 2, 12000, dict(core=800, pool=0, chance=0, own=200, changing=300, other=40 * PAGE)),
    ("a pool that each has most of, of two", 2, 14000, dict(core=500, pool=500, chance=0.95, own=600)),
    ("a pool that each has half of, of five", 5, 14000, dict(core=300, pool=800, chance=0.5, own=500)),
    ("one VM alone: zero pages", 1, 12000, dict(core=0, pool=0, chance=0, own=600, zero=900)),
]


def main(program):
    good = True
    for name, observe, host, shape in SHAPES:
        for seed in range(SEED, SEED + 4):
            good &= one_kind(program, name, seed, observe, host, **shape)
    for seed in range(SEED, SEED + 4):
        good &= mixture(program, seed)
    good &= risk(program, 300, 0.05, 0.02)
    good &= risk(program, 300, 0.05, 0.005)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
