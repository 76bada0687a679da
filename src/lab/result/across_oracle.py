#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""across_oracle.py MADE TRUCE LIBEXEC: what `truce lab compare` says, found by other means.

Two experiments are made; from their raw figures each boot's ratio of a cell to its base is computed
here, and B's change against A's with a bootstrap of the boots of both. Our interval is put together
from two (the root of the sum of the squares), so it may be a little wider than the bootstrap's, and
not narrower. That rule itself is tried on many experiments in which nothing differs.
"""
import json
import math
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile

made, truce, libexec = sys.argv[1:4]
DRAWS = 4000
STUDENT_9 = 2.262157  # its quantile of 97.5 %, of nine degrees of freedom


def boot_logs(path):
    """{label: {boot: log ratio to its base}}, of VM1's mean rate after the warm-up."""
    store = sqlite3.connect("file:" + path + "?mode=ro", uri=True)
    rates = {}
    for cell, boot, done, length in store.execute(
            """select c.ordinal, b.ordinal, sum(i.operations), sum(i.length_nsec) from run r
               join boot b on b.id = r.boot join cell c on c.id = r.cell
               join interval i on i.run = r.id and i.vm = 0
               where b.state = 'done' and r.state = 'done' and i.at_nsec >= r.warmup_nsec
               group by r.id"""):
        rates[cell, boot] = done / length
    logs = {}
    for cell, label, base in store.execute(
            "select ordinal, label, compared_with from cell where ordinal <> compared_with and not is_aa"):
        logs[label] = [math.log(rates[cell, boot] / rates[base, boot])
                       for other, boot in sorted(rates) if other == cell]
    return logs


def error_of(values):
    return statistics.stdev(values) / math.sqrt(len(values))


def bootstrap_half(a, b, rng):
    """Half of a bootstrap-t interval of mean(b) - mean(a)."""
    effect = statistics.fmean(b) - statistics.fmean(a)
    error = math.hypot(error_of(a), error_of(b))
    distances = []
    for _ in range(DRAWS):
        one, other = rng.choices(a, k=len(a)), rng.choices(b, k=len(b))
        drawn = statistics.fmean(other) - statistics.fmean(one)
        spread = math.hypot(error_of(one), error_of(other))
        distances.append(abs(drawn - effect) / spread if spread > 0 else 0)
    distances.sort()
    return effect, error * distances[int(0.95 * DRAWS)]


def check_against_bootstrap(scratch):
    paths = [os.path.join(scratch, name) for name in ("a.sqlite", "b.sqlite")]
    subprocess.run([made, paths[0], "isolation", "21", "0.9"], check=True)
    subprocess.run([made, paths[1], "isolation", "22", "0.85"], check=True)
    said = json.loads(subprocess.run([truce, "lab", "compare", *paths, "--json"], check=True,
                                     stdout=subprocess.PIPE,
                                     env={**os.environ, "TRUCE_LIBEXEC": libexec}).stdout)
    a, b = boot_logs(paths[0]), boot_logs(paths[1])
    rng = random.Random(5)
    assert len(said["cells"]) == 2
    for cell in said["cells"]:
        effect, half = bootstrap_half(a[cell["label"]], b[cell["label"]], rng)
        ours = math.log(cell["high"] / cell["low"]) / 2
        print(f"{cell['label']}: {cell['ratio']:.4f}, half {ours:.5f}; by bootstrap "
              f"{math.exp(effect):.4f}, half {half:.5f}")
        assert abs(math.log(cell["ratio"]) - effect) < 0.1 * half
        assert 0.9 * half < ours < 1.35 * half
        assert cell["verdict"] == "differs"


def check_coverage():
    """Of experiments with no difference, with boots as many as the least and spreads unlike."""
    rng = random.Random(6)
    for spread in (1, 3):
        covered, rounds = 0, 4000
        for _ in range(rounds):
            a = [rng.gauss(0, 1) for _ in range(10)]
            b = [rng.gauss(0, spread) for _ in range(10)]
            half = math.hypot(STUDENT_9 * error_of(a), STUDENT_9 * error_of(b))
            covered += abs(statistics.fmean(b) - statistics.fmean(a)) <= half
        print(f"spreads 1 and {spread}: the interval of both covers in {100 * covered / rounds:.1f} %")
        assert 0.94 < covered / rounds < 0.975


with tempfile.TemporaryDirectory() as directory:
    check_against_bootstrap(directory)
check_coverage()
