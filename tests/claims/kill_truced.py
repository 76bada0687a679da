#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kills truced and its policies' processes at random moments, and looks at every knob afterwards.

    kill_truced.py KILLS CHECKS VM-PID...

The environment is tests/truced.sh's; $TRUCED, $TINY_VMM and $VMS (how the VMs' names begin) as well. The
policy that is loaded turns four pairs of knobs, as `pair_of` and `WANTED` say, all the time; while a VM
named $VMS-still lives it wants what WANTED says. Each kill is of truced (from its first instant
on) or of a truce-decide. CHECKS times on the way, and at the end,

  - a truced that starts brings every knob to what the policy wants, and the journal says the same;
  - or `truced --restore` gives back everything,

in turn. Prints one line; ends with 1 and a sentence where something is wrong.
"""
import atexit
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

TRUCED, RUN = os.environ["TRUCED"], os.environ["TRUCE_RUN_DIR"]
TICKS = os.sysconf("SC_CLK_TCK")
# By a VM's place in the list: settings that it has, and what they are to be while "still" lives.
PAIRS = (("cpu.weight", "cpu.quota"), ("cpu.nice", "cpu.affinity"),
         ("cpu.weight", "cpu.affinity"), ("cpu.nice", "cpu.quota"))
WANTED = {"cpu.weight": 300, "cpu.quota": 5000, "cpu.nice": 5, "cpu.affinity": "0"}


def fail(text):
    sys.exit(f"FAILED: {text}")


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        return error.strerror


# -- what the knobs are

def cpu_cgroup(pid):
    """The directory, and whether it is v2's; None: the hierarchy's root."""
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if path != "/" and "cpu" in controllers.split(","):
            return f"/sys/fs/cgroup/cpu{path}", False
        if path != "/" and number == "0" and os.path.exists(f"/sys/fs/cgroup{path}/cpu.weight"):
            return f"/sys/fs/cgroup{path}", True
    return None, False


def knobs_of(pid):
    """Everything of a VM that a knob may turn, as text."""
    text = [read(f"/proc/{pid}/autogroup"), read(f"/proc/{pid}/cgroup")]
    for tid in sorted(os.listdir(f"/proc/{pid}/task"), key=int):
        fields = read(f"/proc/{pid}/task/{tid}/stat").rsplit(")", 1)[1].split()
        status = read(f"/proc/{pid}/task/{tid}/status")
        cpus = next(line for line in status.splitlines() if line.startswith("Cpus_allowed_list"))
        text.append(f"{tid} nice {fields[16]} policy {fields[38]} {cpus} "
                    + read(f"/proc/{pid}/task/{tid}/cgroup"))
    return "\n".join(text)


def host_knobs():
    text = []
    for base in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup"):
        for name in ("cpu.shares", "cpu.cfs_quota_us", "cgroup.subtree_control"):
            text.append(f"{base}/{name}: " + read(f"{base}/{name}"))
    return text


def knob_values(pid):
    """Setting -> what is in force, by the kernel's files alone."""
    directory, v2 = cpu_cgroup(pid)
    fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    status = read(f"/proc/{pid}/status")
    values = {"cpu.nice": int(fields[16]), "cpu.weight": 100, "cpu.quota": None,
              "cpu.affinity": status.split("Cpus_allowed_list:")[1].split()[0]}
    if directory is None:
        return values
    if v2:
        values["cpu.weight"] = int(read(f"{directory}/cpu.weight"))
        nice = int(read(f"{directory}/cpu.weight.nice"))
        quota, period = read(f"{directory}/cpu.max").split()
    else:
        shares = int(read(f"{directory}/cpu.shares"))
        values["cpu.weight"] = round(shares * 100 / 1024)
        # The kernel's weight of nice 5 is 335, of nice 0 1024.
        nice = {335: 5, 1024: 0}.get(shares, f"that of {shares} shares")
        quota = read(f"{directory}/cpu.cfs_quota_us").strip()
        period = read(f"{directory}/cpu.cfs_period_us")
    # In a cgroup of its own the threads' nice ranks them among themselves alone.
    values["cpu.nice"] = nice
    values["cpu.quota"] = None if quota in ("max", "-1") else int(quota) * 10000 // int(period)
    return values


def wrong_values(pids):
    wrong = []
    for place, pid in enumerate(pids):
        values = knob_values(pid)
        wrong += [f"VM {pid}: {name} is {values[name]} and not {WANTED[name]}"
                  for name in PAIRS[place % 4] if values[name] != WANTED[name]]
    return wrong


def unescape(word):
    parts = word.split("%")
    return parts[0] + "".join(chr(int(part[:2], 16)) + part[2:] for part in parts[1:])


def journal():
    leases = {}
    for line in read(f"{RUN}/journal").splitlines()[1:]:
        words = line.split(" ")
        if words[0] == "take":
            leases[words[1]] = [unescape(word) for word in words[6:9]] + [unescape(words[9])]
        elif words[0] == "drop":
            leases.pop(words[1], None)
    return leases


def journal_differs():
    """Where what is set is not what the journal says."""
    wrong = []
    for kind, target, _, now in journal().values():
        if kind == "file":
            is_now = read(target).split()
            same = is_now[:1] == now.split()[:1]
        elif kind in ("nice", "affinity"):
            tid = target.split("/")[0]
            if kind == "nice":
                is_now = read(f"/proc/{tid}/stat").rsplit(")", 1)[1].split()[16]
            else:
                is_now = read(f"/proc/{tid}/status").split("Cpus_allowed_list:")[1].split()[0]
            same = is_now == now
        elif kind == "cgroup":
            is_now, same = "gone", os.path.isdir(target)
        else:
            continue
        if not same:
            wrong.append(f"{kind} {target} is {is_now}, the journal says {now}")
    return wrong


# -- truced

def start():
    log = open(os.path.join(os.environ["SCRATCH"], "log"), "ab")
    with log:
        truced = subprocess.Popen([TRUCED], stdout=log, stderr=log, start_new_session=True)
    atexit.register(truced.kill) # which does nothing where it has ended
    return truced


def ask(request):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(f"{RUN}/control.sock")
            client.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(client.makefile().readline())
    except (OSError, ValueError):
        return None


def wait_for(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            fail(what() if callable(what) else what)
        time.sleep(0.02)


def answers(pid):
    return (ask({"do": "status"}) or {}).get("pid") == pid


def deciders(pid):
    return [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()
            if child.isdigit()]


def kill_truced(truced):
    truced.send_signal(signal.SIGKILL)
    truced.wait()


# -- the two checks

def check_wanted(pids):
    truced = start()
    wait_for("a truced that starts after a kill does not answer", lambda: answers(truced.pid))
    still = subprocess.Popen([os.environ["TINY_VMM"], "run", "--name", os.environ["VMS"] + "-still"],
                             stdout=subprocess.DEVNULL, start_new_session=True)
    atexit.register(still.terminate)
    wait_for(lambda: "after a start: " + "; ".join(wrong_values(pids)), lambda: not wrong_values(pids))
    wait_for(lambda: "after a start: " + "; ".join(journal_differs()), lambda: not journal_differs())
    answer = ask({"do": "vms"})
    told = {vm["pid"]: vm for vm in answer["vms"] if "pid" in vm}
    if answer.get("ok") is not True or (told and not all(pid in told for pid in pids)):
        fail("truced does not tell of all VMs")
    still.terminate()
    still.wait()
    kill_truced(truced)


def check_restored(pids, before):
    told = subprocess.run([TRUCED, "--restore"], capture_output=True, text=True, check=False)
    now = [knobs_of(pid) for pid in pids] + host_knobs()
    if told.returncode != 0:
        fail(f"truced --restore: {told.stderr}")
    if now != before:
        fail("after --restore:\n" + "\n".join(f"was {was}\nnow {is_now}" for was, is_now
                                             in zip(before, now) if was != is_now))
    if journal():
        fail(f"after --restore the journal has {journal()}")


def main(kills, checks, pids):
    random.seed(int(os.environ.get("TRUCE_SEED", "0")) or None)
    before = [knobs_of(pid) for pid in pids] + host_knobs()
    own, children, checked, early = 0, 0, 0, 0
    truced = start()
    while own + children < kills:
        if random.random() < 0.5:
            # From the first instant on: some have not come to their loop yet.
            time.sleep(random.random() * random.choice((0.03, 0.3)))
            early += not os.path.exists(f"{RUN}/control.sock") or not answers(truced.pid)
            kill_truced(truced)
            own += 1
            done = own + children
            if done * checks // kills > checked:
                checked += 1
                check_wanted(pids) if checked % 2 else check_restored(pids, before)
            truced = start()
        else:
            wait_for("truced has no child", lambda: deciders(truced.pid))
            time.sleep(random.random() * 0.05)
            for child in deciders(truced.pid):
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                children += 1
            if truced.poll() is not None:
                fail("truced ended with its child")
    wait_for("truced does not answer at the end", lambda: answers(truced.pid))
    turned = sum((ask({"do": "status"}) or {})["counts"][name] for name in ("applied", "restored"))
    kill_truced(truced)
    check_wanted(pids)
    check_restored(pids, before)
    # And the polite way: a truced that goes on, its policy unloaded.
    truced = start()
    wait_for("truced does not answer at the end", lambda: answers(truced.pid))
    wait_for("nothing is set at the end", lambda: (ask({"do": "status"}) or {}).get("leases"))
    if not (ask({"do": "policy.unload", "name": "restless"}) or {}).get("ok"):
        fail("the policy cannot be unloaded")
    wait_for(lambda: "after the unload the journal has " + str(journal()), lambda: not journal())
    now = [knobs_of(pid) for pid in pids] + host_knobs()
    if now != before:
        fail("after the unload:\n" + "\n".join(f"was {was}\nnow {is_now}" for was, is_now
                                              in zip(before, now) if was != is_now))
    truced.terminate()
    truced.wait()
    print(f"{own} kills of truced ({early} before it answered) and {children} of its child, "
          f"{checked + 1} looks on the way, {turned} knobs turned by the last one alone")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), [int(pid) for pid in sys.argv[3:]])
