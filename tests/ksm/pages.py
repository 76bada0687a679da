# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes with memory of known contents (fill.c), what is true of them by their recipes, what the
library estimates, and what KSM makes of them: for the claims and benchmarks about page sharing.
"""
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KSM = "/sys/kernel/mm/ksm/"
BUILD = os.environ.get("BUILD_ROOT", "build")
FILL = os.path.join(BUILD, "tests/ksm/fill")
ESTIMATE = os.path.join(BUILD, "tests/ksm/estimate")
TURNED = ("run", "pages_to_scan", "sleep_millisecs", "use_zero_pages")
MERGES_SECONDS = 60


def knob(name):
    try:
        with open(KSM + name) as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


def turn(name, value):
    with open(KSM + name, "w") as file:
        file.write(str(value))


def skip(reason):
    print(reason)
    sys.exit(77)


def fail(sentence):
    print("FAILED: " + sentence, file=sys.stderr)
    sys.exit(1)


def need_ksm_at_rest():
    """Nobody else's KSM is turned: it is one for the whole machine."""
    if os.geteuid() != 0:
        skip("needs root")
    if knob("run") is None or not os.access(KSM + "run", os.W_OK):
        skip("needs a kernel with KSM")
    if knob("run") != "0":
        skip("needs a host on which KSM stands still")
    if "[none]" not in (knob("advisor_mode") or "[none]"):
        skip("needs a host on which KSM's advisor is off")
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % process) as file:
                if file.read().strip() in ("ksmtuned", "momd", "vdsmd"):
                    skip("needs a host on which nobody tunes KSM")
        except (FileNotFoundError, ProcessLookupError):
            pass


class Fill:
    """One process that is taken for a QEMU and has this memory."""

    def __init__(self, directory, recipe, huge=False):
        program = os.path.join(directory, "qemu-system-x86_64")
        if not os.path.exists(program):
            shutil.copy(FILL, program)
        words = [program, "hold"] + (["--huge"] if huge else []) + [recipe]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.pid = self.process.pid
        self.recipe = recipe
        told = self.process.stdout.readline()
        if not told.startswith("{") or self.process.stdout.readline() != "ready\n":
            fail("%s has not begun: %s" % (recipe, told))
        self.own = json.loads(told)
        if not self.own["mergeable"]:
            skip("needs a kernel with KSM")

    def tell(self, line, answer=True):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip() if answer else None

    def end(self):
        self.process.kill()
        self.process.wait()


class Fills:
    """Several of them; none outlives the `with`."""

    def __init__(self, recipes, huge=False):
        self.recipes, self.huge = recipes, huge

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="truce-fill.")
        self.fills = []
        try:
            for recipe in self.recipes:
                self.fills.append(Fill(self.directory, recipe, self.huge))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for fill in self.fills:
            fill.end()
        shutil.rmtree(self.directory)

    def pids(self):
        return [str(fill.pid) for fill in self.fills]


def run_json(words):
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        fail("%s ended with %d" % (" ".join(words), done.returncode))
    return json.loads(done.stdout)


def truth(recipes, zero_pages=False):
    return run_json([FILL, "truth", "--most", knob("max_page_sharing") or "256"] +
                    (["--zero-pages"] if zero_pages else []) + list(recipes))


def estimate(pids, *options):
    return run_json([ESTIMATE, "--most", knob("max_page_sharing") or "256"] +
                    [str(option) for option in options] + list(pids))


class Merging:
    """KSM runs within the `with`, and is afterwards as it was, with whatever ended it."""

    def __init__(self, zero_pages=False, pages=20000, sleep_msec=5):
        self.wanted = {"pages_to_scan": pages, "sleep_millisecs": sleep_msec, "run": 1,
                       "use_zero_pages": int(zero_pages)}

    def __enter__(self):
        # Two of these at a time would each turn the other's.
        self.lock = os.open(KSM, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        need_ksm_at_rest()
        self.found = {name: knob(name) for name in TURNED}
        self.signals = {number: signal.signal(number, lambda *_: sys.exit(1))
                        for number in (signal.SIGTERM, signal.SIGHUP)}
        for name, value in self.wanted.items():
            turn(name, value)
        return self

    def __exit__(self, *_):
        for name, value in self.found.items():
            turn(name, value)
        for number, action in self.signals.items():
            signal.signal(number, action)
        os.close(self.lock)


def merged_of(pid):
    """What the kernel says of one process: pages merged, and mapped to its zero page by KSM."""
    with open("/proc/%s/ksm_stat" % pid) as file:
        figures = dict(line.replace(":", "").split()[:2] for line in file)
    return int(figures["ksm_merging_pages"]), int(figures.get("ksm_zero_pages", 0))


def merge_until_converged(pids):
    """Until six full scans are over since it began and each process has had as many merged pages at the
    ends of the last four: pages must have been the same at two scans to merge, and a page that
    smart_scan leaves out is left out of one scan at a time at first. The seconds that this took, or
    None: not within MERGES_SECONDS.
    """
    begin, begin_scans = time.monotonic(), int(knob("full_scans"))
    last, since, last_scans = None, begin_scans, begin_scans
    while time.monotonic() - begin < MERGES_SECONDS:
        scans = int(knob("full_scans"))
        if scans == last_scans:
            time.sleep(0.01)
            continue
        last_scans = scans
        now = [merged_of(pid) for pid in pids]
        if now != last:
            last, since = now, scans
        elif scans - since >= 4 and scans - begin_scans >= 6:
            return time.monotonic() - begin
    return None


def frames_of(pids):
    """KSM's frames that these processes map, and how often: by /proc/PID/pagemap and kpageflags, which
    tell nothing of what KSM itself counts."""
    frames, mappings = set(), 0
    flags = open("/proc/kpageflags", "rb", buffering=0)
    for pid in pids:
        for start, end in mergeable_areas(pid):
            with open("/proc/%s/pagemap" % pid, "rb", buffering=0) as pagemap:
                entries = memoryview(os.pread(pagemap.fileno(), (end - start) // 512,
                                              start // 512)).cast("Q")
            for entry in entries:
                frame = entry & ((1 << 55) - 1)
                if not entry >> 63 or frame == 0:
                    continue
                if frame in frames:
                    mappings += 1
                elif int.from_bytes(os.pread(flags.fileno(), 8, frame * 8), sys.byteorder) >> 21 & 1:
                    frames.add(frame)
                    mappings += 1
    return len(frames), mappings


def mergeable_areas(pid):
    area = None
    with open("/proc/%s/smaps" % pid) as file:
        for line in file:
            if line[0] in "0123456789abcdef" and "-" in line.split()[0]:
                area = [int(number, 16) for number in line.split()[0].split("-")]
            elif line.startswith("VmFlags:") and " mg" in line:
                yield area
