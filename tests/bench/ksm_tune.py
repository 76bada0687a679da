#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One regime of KSM on a load that is known, and what came of several: for ksm-tune.sh.

    ksm_tune.py others                                MB of other VMs here that may be merged
    ksm_tune.py run REGIME GUESTS MEGABYTES LIMIT     a line of JSON
    ksm_tune.py calm GUESTS MEGABYTES SECONDS         the same, of truce ksm tune once it is calm
    ksm_tune.py report FILE                           the tables, of such lines

REGIME: PAGES/SLEEP (fixed settings), tune (truce ksm tune), ksmtuned (its loop: 60 s of nothing, then
364 pages and 300 more each minute, at most 1250; sleep as it reckons it).

The load: GUESTS QEMUs that stand still, each with the same MEGABYTES in its memory, random and so without
a page twice. (GUESTS - 1) x MEGABYTES can be merged, and nothing else of it.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

KSM = "/sys/kernel/mm/ksm/"
PAGE = os.sysconf("SC_PAGE_SIZE")
KSMTUNED_IDLE = 60
LOOK = 0.01


def number(name):
    with open(KSM + name, encoding="ascii") as file:
        return int(file.read())


def write(name, value):
    with open(KSM + name, "w", encoding="ascii") as file:
        file.write(str(value))


def find_ksmd():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as file:
                if file.read() == "ksmd\n":
                    return int(pid)
        except OSError:
            continue
    sys.exit("this kernel has no ksmd")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


class Load:
    """The guests, filled; gone at the end, and what they had merged with them."""

    def __init__(self, guests, megabytes):
        self.directory = tempfile.TemporaryDirectory(prefix="truce-ksm-")
        self.guests = []
        fill = os.path.join(self.directory.name, "fill")
        with open(fill, "wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))
        for i in range(guests):
            self.guests.append(subprocess.Popen(
                ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-S", "-accel",
                 "tcg", "-m", str(megabytes + 24), "-name", f"ksm{i}", "-device",
                 f"loader,file={fill},addr=0x1000000,force-raw=on"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        self.pages = guests * megabytes * (1 << 20) // PAGE

    def merged(self):
        """Of its pages, those that share: other guests of this host are not counted."""
        pages = 0
        for guest in self.guests:
            with open(f"/proc/{guest.pid}/ksm_merging_pages", encoding="ascii") as file:
                pages += int(file.read())
        return pages

    def saved_mb(self):
        return self.merged() * (len(self.guests) - 1) / len(self.guests) * PAGE / 1e6

    def wait(self, megabytes):
        end = time.monotonic() + 120
        while not all(self.filled(guest.pid, megabytes) for guest in self.guests):
            if time.monotonic() > end:
                sys.exit("the guests do not get their memory")
            time.sleep(0.05)

    @staticmethod
    def filled(pid, megabytes):
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            _, resident, shared = map(int, file.read().split()[:3])
        # Twice: in the guest, and as QEMU keeps it for a reset.
        return (resident - shared) * PAGE >= 2 * megabytes << 20

    def end(self):
        for guest in self.guests:
            guest.kill()
            guest.wait()
        self.directory.cleanup()


def others_mb():
    """Memory that may be merged before the load is there: ksmd looks at that as well."""
    told = subprocess.run([os.environ["TRUCE_LIBEXEC"] + "/truce-ksm", "tune", "--dry-run", "--json"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return (json.loads(told.stdout)["mergeable_bytes"] or 0) / 1e6


class Fixed:
    def __init__(self, pages, sleep):
        self.found = {name: number(name) for name in ("run", "pages_to_scan", "sleep_millisecs")}
        write("pages_to_scan", pages)
        write("sleep_millisecs", sleep)
        write("run", 1)

    def look(self, _):
        pass

    def end(self):
        for name, value in self.found.items():
            write(name, value)
        return {}


class Ksmtuned(Fixed):
    """From where it begins to merge: its first minute is added to the time, and not waited for."""

    def __init__(self):
        with open("/proc/meminfo", encoding="ascii") as file:
            total = int(file.readline().split()[1])
        super().__init__(364, max(10, 10 * (16 << 20) // total))
        self.pages, self.at = 364, KSMTUNED_IDLE

    def look(self, seconds):
        if seconds > self.at:
            self.at += KSMTUNED_IDLE
            self.pages = min(1250, self.pages + 300)
            write("pages_to_scan", self.pages)


class Tune:
    def __init__(self, *options):
        self.process = subprocess.Popen(
            [os.environ["TRUCE_LIBEXEC"] + "/truce-ksm", "tune", "--json", "--waiting", "100", *options],
            stdout=subprocess.PIPE, text=True)

    def look(self, _):
        pass

    def own(self):
        return cpu_seconds(self.process.pid)

    def end(self):
        own = self.own()
        self.process.terminate()
        told = [json.loads(line) for line in self.process.communicate(timeout=30)[0].splitlines()]
        calm = [line for line in told if line["phase"] == "calm"]
        return {"own_cpu": own, "swept_cpu": calm[0]["ksmd_cpu_usec"] / 1e6 if calm else None}


def begin(regime):
    if regime == "tune":
        return Tune()
    if regime == "ksmtuned":
        return Ksmtuned()
    return Fixed(*map(int, regime.split("/")))


def run(regime, guests, megabytes, limit):
    ksmd, others = find_ksmd(), others_mb()
    load = Load(guests, megabytes)
    try:
        load.wait(megabytes)
        cpu_before, start = cpu_seconds(ksmd), time.monotonic()
        driver = begin(regime)
        result = {"regime": regime, "guests": guests, "megabytes": megabytes, "others": others, "half": None, "most": None}
        try:
            while True:
                seconds = time.monotonic() - start
                done = load.merged() / load.pages
                if done >= 0.5 and result["half"] is None:
                    result["half"] = seconds
                if done >= 0.95:
                    result["most"] = seconds
                if result["most"] is not None or seconds > limit:
                    break
                driver.look(seconds)
                time.sleep(LOOK)
            result["cpu"] = cpu_seconds(ksmd) - cpu_before
            result["mb"] = load.saved_mb()
            # The rest of its sweep is its own to pay for.
            if regime == "tune":
                time.sleep(1.5)
                result["swept_mb"] = load.saved_mb()
        finally:
            result.update(driver.end())
        if regime == "ksmtuned":
            for name in ("half", "most"):
                result[name] = result[name] and result[name] + KSMTUNED_IDLE
        return result
    finally:
        load.end()


def calm(guests, megabytes, seconds):
    ksmd = find_ksmd()
    load = Load(guests, megabytes)
    try:
        load.wait(megabytes)
        driver = Tune()
        try:
            # What is merged is, and the crawl has found its pace.
            time.sleep(6)
            start, shares, owns = time.monotonic(), [], []
            while time.monotonic() - start < seconds:
                at, cpu, own, scanned = time.monotonic(), cpu_seconds(ksmd), driver.own(), number("pages_scanned")
                time.sleep(1)
                # Others' births and growth begin sweeps, which are not what is asked for here.
                if number("pages_scanned") - scanned < 10000:
                    shares.append((cpu_seconds(ksmd) - cpu) / (time.monotonic() - at))
                    owns.append((driver.own() - own) / (time.monotonic() - at))
            if not shares:
                sys.exit("it was never calm")
            result = {"regime": "calm", "seconds": len(shares), "ksmd": statistics.mean(shares),
                      "truce": statistics.mean(owns)}
        finally:
            driver.end()
        return result
    finally:
        load.end()


def median(results, key):
    values = [result[key] for result in results]
    return None if not values or None in values else statistics.median(values)


def text(value, form):
    return "-" if value is None else format(value, form)


def reached(is_reached):
    return "reached" if is_reached else "not reached"


def table(regimes):
    print(f"{'regime':<12} {'rounds':>6} {'50 %, s':>9} {'95 %, s':>9} {'ksmd, s':>9} {'MB':>7} {'MB a CPU-second':>16}")
    for regime, results in regimes.items():
        cpu, mb = median(results, "cpu"), median(results, "mb")
        print(f"{regime:<12} {len(results):>6} {text(median(results, 'half'), '9.2f'):>9} "
              f"{text(median(results, 'most'), '9.2f'):>9} {cpu:>9.3f} {mb:>7.1f} {mb / cpu:>16.0f}")


def judge(regimes):
    tune = regimes.get("tune")
    if not tune:
        return
    time_of = {regime: median(results, "most") for regime, results in regimes.items()}
    worth = {regime: median(results, "mb") / median(results, "cpu") for regime, results in regimes.items()}
    swept_cpu, swept_mb = median(tune, "swept_cpu"), median(tune, "swept_mb")
    if swept_cpu:
        print(f"{'tune, swept':<12} {'':>6} {'':>9} {'':>9} {swept_cpu:>9.3f} {swept_mb:>7.1f} "
              f"{swept_mb / swept_cpu:>16.0f}   (to the end of its first sweep, {median(tune, 'own_cpu'):.3f} s of its own)")
    print()
    for peer, times in (("100/20", 10), ("ksmtuned", 5)):
        if time_of.get(peer) and time_of["tune"]:
            print(f"95 % sooner than {peer}: {time_of[peer] / time_of['tune']:.1f} times, "
                  f"{times} wanted: {reached(time_of[peer] >= times * time_of['tune'])}")
    peers = [worth[peer] for peer in ("100/20", "ksmtuned") if peer in worth and time_of[peer]]
    if peers:
        print(f"MB a CPU-second up to 95 %: {worth['tune']:.0f}, the better peer {max(peers):.0f}: "
              f"{reached(worth['tune'] >= max(peers))}")
    # One grid point that is both sooner and cheaper, by more than a tenth of noise.
    better = [regime for regime in regimes if "/" in regime and time_of[regime] and time_of["tune"] and
              time_of[regime] < 0.9 * time_of["tune"] and worth[regime] > 1.1 * worth["tune"]]
    print(f"on the front of the fixed settings: {reached(not better)}{' (' + ', '.join(better) + ')' if better else ''}")


def report(path):
    regimes = {}
    for line in open(path, encoding="ascii"):
        result = json.loads(line)
        regimes.setdefault(result["regime"], []).append(result)
    calms = regimes.pop("calm", [])
    if not regimes:
        sys.exit("nothing was measured")
    others = [result["others"] for results in regimes.values() for result in results]
    one = next(iter(regimes.values()))[0]
    print(f"{one['guests']} guests with the same {one['megabytes']} MiB; other VMs had {min(others):.0f} to "
          f"{max(others):.0f} MB that may be merged")
    table(regimes)
    judge(regimes)
    if calms:
        ksmd, truce = median(calms, "ksmd"), median(calms, "truce")
        print(f"converged: ksmd {100 * ksmd:.3f} % of a core, truce {100 * truce:.3f} % "
              f"({median(calms, 'seconds'):.0f} s of calm); 0.2 % wanted: {reached(ksmd + truce <= 0.002)}")


def main(words):
    if words[0] == "run":
        print(json.dumps(run(words[1], int(words[2]), int(words[3]), float(words[4]))))
    elif words[0] == "calm":
        print(json.dumps(calm(int(words[1]), int(words[2]), float(words[3]))))
    elif words[0] == "others":
        print(round(others_mb()))
    else:
        report(words[1])


main(sys.argv[1:])
