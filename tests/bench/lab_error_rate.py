#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What lab-error-rate.sh does beside measuring.

    lab_error_rate.py plan DIR COUNT SEED   experiments and the key that says what is in them
    lab_error_rate.py list DIR              their names in the order in which they are run
    lab_error_rate.py blind DIR             copies under drawn names, without what was injected
    lab_error_rate.py pool DIR              FILE:CELLS of runs that nothing was injected into
    lab_error_rate.py judge DIR             answers to the copies, held against the key

An experiment has a baseline, its control, and two arms, b and c: one of them is slowed down, the
other is a third copy of the baseline. Which one, chance decides, and only the key tells. What
judges (`truce lab show`) is given copies in which no drag is written any more.
"""
import json
import math
import pathlib
import random
import re
import sqlite3
import sys

SPEC = """return experiment {{
	name = "{name}",
	asks = "Which arm was slowed down?",
	vms = {{ count = {vms}, vcpus = 1, memory = 96*MiB, pin = "own" }},
	subject = {{ work = "cpu-integer" }},
	vary = {{ {{ "arm", {{ name = "a" }}, {{ name = "b", ["subject.drag"] = {b} }},
			{{ name = "c", ["subject.drag"] = {c} }} }} }},
	duet = {duet},
	boots = 10, warmup = 0.3*s, duration = {duration}*s,
}}
"""
# Each takes less than two minutes by the plan's estimate for two cores, emulated.
KINDS = {"apart": {"drag": 10, "vms": 1, "duet": "false", "duration": 1.0, "bar": 0.9},
         "duet": {"drag": 3, "vms": 2, "duet": "true", "duration": 1.8, "bar": 0.75}}
ALIKE_BAR = 0.85
MOST_SECONDS = 120


def plan(directory, count, seed):
    """COUNT experiments of each kind; a directory that has a plan keeps it."""
    if (directory / "key.json").exists():
        return
    chance = random.Random(seed)
    order = [kind for kind in KINDS for _ in range(count)]
    chance.shuffle(order)
    key = {}
    for number, kind in enumerate(order):
        name, slow, how = f"error-{number:02}", chance.choice("bc"), KINDS[kind]
        key[name] = {"kind": kind, "slow": slow}
        drag = {arm: how["drag"] if arm == slow else 0 for arm in "bc"}
        (directory / f"{name}.lua").write_text(SPEC.format(
            name=name, b=drag["b"], c=drag["c"], vms=how["vms"], duet=how["duet"],
            duration=how["duration"]), encoding="utf-8")
    hidden = [f"hidden-{number:02}" for number in range(len(key))]
    chance.shuffle(hidden)
    for entry, other in zip(key.values(), hidden):
        entry["hidden"] = other
    (directory / "key.json").write_text(json.dumps(key, indent=1), encoding="utf-8")


def key_of(directory):
    return json.loads((directory / "key.json").read_text(encoding="utf-8"))


def finished(directory):
    """Name and key of what was measured to its end."""
    for name, entry in key_of(directory).items():
        path = directory / f"{name}.sqlite"
        if not path.exists():
            continue
        with sqlite3.connect(path) as store:
            row = store.execute("select state, (ended_usec - started_usec) / 1e6 from experiment "
                                "order by id desc limit 1").fetchone()
        if row and row[0] == "finished":
            entry["seconds"] = row[1]
            yield name, entry


def without_drag(text):
    return re.sub(r'(drag("\])?\s*=\s*)\d+', r"\g<1>0", text)


def blind(directory):
    for name, entry in finished(directory):
        copy = directory / f"{entry['hidden']}.sqlite"
        copy.unlink(missing_ok=True)
        with sqlite3.connect(directory / f"{name}.sqlite") as store, sqlite3.connect(copy) as to:
            store.backup(to)
            to.create_function("without_drag", 1, without_drag)
            to.execute("update experiment set name = ?, spec = without_drag(spec)",
                       (entry["hidden"],))
            to.execute("update member set workload = without_drag(workload) "
                       "where workload is not null")
        print(entry["hidden"])


def pool(directory):
    for name, entry in finished(directory):
        if entry["kind"] == "apart":
            cells = [0, 3, 2 if entry["slow"] == "b" else 1]
            print(f"{directory / name}.sqlite:{','.join(map(str, cells))}")


def answers_of(directory, entry):
    """What the laboratory says of each arm and of the control."""
    said = json.loads((directory / f"{entry['hidden']}.json").read_text(encoding="utf-8"))
    found = {}
    for comparison in said["measures"][0]["comparisons"]:
        arm = "control" if comparison["control"] else "abc"[comparison["cell"]]
        found[arm] = comparison
    return found


def covers(comparison, truth):
    numbers = comparison["numbers"]
    return numbers is not None and numbers["low"] <= truth <= numbers["high"]


def line(what, count, of, bar):
    if of == 0:
        print(f"{what}: none was measured")
        return
    needed = math.ceil(bar * of - 1e-9)
    print(f"{what}: {count} of {of}, bar {needed}: "
          f"{'reached' if count >= needed else 'not reached'}")


def judge(directory):
    alike, controls, slowest = [], [], 0
    widths = {kind: [] for kind in KINDS}
    slowed = {kind: [] for kind in KINDS}
    truth = {kind: [] for kind in KINDS}
    for _, entry in finished(directory):
        found = answers_of(directory, entry)
        slow, other = found[entry["slow"]], found["c" if entry["slow"] == "b" else "b"]
        ratio = 1 - KINDS[entry["kind"]]["drag"] / 100
        alike.append(covers(other, 1))
        controls.append(covers(found["control"], 1))
        slowed[entry["kind"]].append(slow["verdict"] == "differs" and slow["numbers"]["ratio"] < 1)
        truth[entry["kind"]].append(covers(slow, ratio))
        if slow["numbers"]:
            widths[entry["kind"]].append((slow["numbers"]["high"] / slow["numbers"]["low"] - 1) / 2)
        slowest = max(slowest, entry["seconds"])
    line("arms with nothing injected whose interval covers zero", sum(alike), len(alike), ALIKE_BAR)
    line("controls whose interval covers zero", sum(controls), len(controls), ALIKE_BAR)
    for kind, how in KINDS.items():
        line(f"{how['drag']} % slower, {'as a duet' if kind == 'duet' else 'one after the other'}, "
             "found", sum(slowed[kind]), len(slowed[kind]), how["bar"])
        line(f"  and its interval covers {how['drag']} %", sum(truth[kind]), len(truth[kind]),
             ALIKE_BAR)
        if widths[kind]:
            middle = sorted(widths[kind])[len(widths[kind]) // 2]
            print(f"  half-width of its interval, median: {100 * middle:.1f} %")
    print(f"the longest took {slowest:.0f} s, bar {MOST_SECONDS} s: "
          f"{'reached' if slowest <= MOST_SECONDS else 'not reached'}")


def main():
    directory = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "plan":
        plan(directory, int(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1] == "list":
        print("\n".join(key_of(directory)))
    else:
        {"blind": blind, "pool": pool, "judge": judge}[sys.argv[1]](directory)


if __name__ == "__main__":
    main()
