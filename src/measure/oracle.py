#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares measure_compare with a second implementation of the same definition, written apart.

    oracle.py PROGRAM        PROGRAM is measure_oracle_print

Made-up experiments go through both. The ratio must be the same to ten digits; the ends of the
interval, which both find by drawing, within what drawing leaves open.
"""
import math
import random
import statistics
import subprocess
import sys

BOOTS, RUNS, INTERVALS, DRAWS = 12, 2, 10, 2000


def make(rng, ratio):
    cell, base = [], []
    for _ in range(BOOTS):
        level = 500 * math.exp(rng.gauss(0, 0.05))
        for side, factor in ((cell, ratio), (base, 1.0)):
            place = level * factor * math.exp(rng.gauss(0, 0.02))
            side.append([[place * math.exp(rng.gauss(0, 0.05)) for _ in range(INTERVALS)]
                         for _ in range(RUNS)])
    return cell, base


def boot_value(boot):
    return statistics.fmean(statistics.fmean(run) for run in boot)


def draw_run(rng, run):
    stretch = max(1, round(len(run) ** (1 / 3)))
    drawn = []
    while len(drawn) < len(run):
        start = rng.randrange(len(run))
        drawn += [run[(start + step) % len(run)] for step in range(stretch)]
    return drawn[:len(run)]


def draw_boot(rng, boot):
    return [draw_run(rng, rng.choice(boot)) for _ in boot]


def effect(differences):
    return statistics.fmean(differences), statistics.stdev(differences) / math.sqrt(len(differences))


def second_opinion(rng, cell, base):
    mean, error = effect([math.log(boot_value(a) / boot_value(b)) for a, b in zip(cell, base)])
    distances = []
    for _ in range(DRAWS):
        drawn = []
        for _ in range(BOOTS):
            boot = rng.randrange(BOOTS)
            drawn.append(math.log(boot_value(draw_boot(rng, cell[boot])) /
                                  boot_value(draw_boot(rng, base[boot]))))
        drawn_mean, drawn_error = effect(drawn)
        distances.append(abs(drawn_mean - mean) / drawn_error)
    half = error * sorted(distances)[math.ceil(0.95 * DRAWS) - 1]
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def first_opinion(program, cell, base):
    numbers = [value for side in (cell, base) for boot in side for run in boot for value in run]
    text = f"{BOOTS} {RUNS} {INTERVALS}\n" + "\n".join(repr(value) for value in numbers)
    answer = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    return [float(word) for word in answer.stdout.split()]


def main(program):
    for seed, ratio in ((1, 1.0), (2, 0.9), (3, 1.3)):
        rng = random.Random(seed)
        cell, base = make(rng, ratio)
        ours = first_opinion(program, cell, base)
        other = second_opinion(rng, cell, base)
        width = math.log(other[2] / other[1])
        print(f"ratio {ratio}: {ours[0]:.6f} [{ours[1]:.6f}, {ours[2]:.6f}], "
              f"second opinion {other[0]:.6f} [{other[1]:.6f}, {other[2]:.6f}]")
        if abs(ours[0] / other[0] - 1) > 1e-10:
            sys.exit("the ratios differ")
        if any(abs(math.log(mine / its)) > 0.06 * width for mine, its in zip(ours[1:3], other[1:])):
            sys.exit("the intervals differ by more than drawing explains")


if __name__ == "__main__":
    main(sys.argv[1])
