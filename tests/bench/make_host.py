#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A large host as files, for a benchmark that a machine has no room to run for real.

    make_host.py DIRECTORY VMS

makes a captured host with so many libvirt guests of two vCPUs under cgroup v2 and systemd, each
in a scope of its own; every other one has a CPU quota. What is the same for all guests is one file
with many links, so that it is made within seconds.
"""
import os
import sys

FIRST_PID = 10000
PIDS_A_VM = 5  # main thread, two vCPUs, a worker, and one to spare
LINKS_MOST = 30000  # of one inode; ext4 ends at 65000
SCOPE = "/machine.slice/machine-qemu\\x2d{n}\\x2dvm{n}.scope"

STAT = ("{pid} ({comm}) S 1 {pid} {pid} 0 -1 138412096 2911 6624 17 3 {user} 41700 4 5 {nice} 0 "
        "{threads} 0 {start} 3133440000 182380 18446744073709551615 94875432898560 94875432918441 "
        "140733614529312 0 0 0 268444224 4096 16963 0 0 0 17 3 0 0 12 199900 0 94875432934448 "
        "94875432936064 94875749453824 140733614537159 140733614537179 140733614537179 "
        "140733614538731 0\n")
IO = ("rchar: {n}708700\nwchar: {n}11100\nsyscr: {n}789\nsyscw: {n}455\nread_bytes: {n}409600\n"
      "write_bytes: {n}819200\ncancelled_write_bytes: 0\n")
CPU_STAT = ("usage_usec {n}500012\nuser_usec {n}300012\nsystem_usec {n}200000\n"
            "core_sched.force_idle_usec 0\nnr_periods {n}\nnr_throttled {n}\n"
            "throttled_usec {n}299\nnr_bursts 0\nburst_usec 0\n")
PRESSURE = "some avg10=0.73 avg60=1.43 avg300=2.00 total=5984348\n" \
           "full avg10=0.00 avg60=0.05 avg300=0.02 total=3015689\n"
STATUS = ("Name:\tqemu-system-x86\nUmask:\t0002\nState:\tS (sleeping)\nTgid:\t{pid}\nPid:\t{pid}\n"
          "VmPeak:\t 3060000 kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\nVmRSS:\t  729520 kB\n"
          "RssAnon:\t  710000 kB\nVmSwap:\t       0 kB\nThreads:\t4\nCpus_allowed:\tff\n"
          "Cpus_allowed_list:\t0-7\nvoluntary_ctxt_switches:\t9\n")
CGROUP_FILES = {
    "cpu.weight": "100\n", "cpu.idle": "0\n", "cpu.max.burst": "0\n",
    "cpu.pressure": PRESSURE, "memory.pressure": PRESSURE, "io.pressure": PRESSURE,
    "memory.current": "750000000\n", "memory.low": "0\n", "memory.high": "max\n",
    "memory.max": "max\n", "io.weight": "default 100\n", "cgroup.procs": "",
    "io.stat": "8:0 rbytes=4096000 wbytes=8192000 rios=1000 wios=2000 dbytes=0 dios=0\n",
}
CPU_LINE = "201300 4170 41700 999000 1200 0 33 0 120000 0"
MEMINFO = ["MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "AnonPages",
           "Shmem", "Dirty", "Writeback", "CommitLimit", "Committed_AS", "SwapTotal", "SwapFree"]
HOST_FILES = {
    "proc/uptime": "100000.00 700000.00\n",
    "proc/loadavg": "3.20 2.10 1.05 5/4000 123456\n",
    "proc/stat": "cpu  " + CPU_LINE + "\n" +
                 "".join(f"cpu{i} {CPU_LINE}\n" for i in range(64)) +
                 "intr 123456 0 0 1 2 3\nctxt 987654321\nbtime 1700000000\nprocesses 500000\n"
                 "procs_running 7\nprocs_blocked 0\n",
    "proc/meminfo": "".join(f"{name}:{8000000:>16} kB\n" for name in MEMINFO),
    "proc/vmstat": "pswpin 1\npswpout 2\npgmajfault 3\noom_kill 0\n",
    "proc/pressure/cpu": PRESSURE, "proc/pressure/memory": PRESSURE, "proc/pressure/io": PRESSURE,
    "proc/diskstats": "   8       0 sda 1000 2 3000 400 500 6 7000 800 0 900 1000 0 0 0 0 1 1\n",
    "proc/net/dev": "Inter-|   Receive                    |  Transmit\n face |bytes packets\n"
                    "  eth0: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n",
    "proc/self/mountinfo": "22 1 0:21 / /proc rw - proc proc rw\n"
                           "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "proc/sys/kernel/random/boot_id": "11111111-2222-3333-4444-555555555555\n",
    "proc/sys/kernel/hostname": "large\n",
    "proc/sys/kernel/osrelease": "6.1.0\n",
    "proc/sys/kernel/sched_autogroup_enabled": "0\n",
    "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    "sys/block/sda/dev": "8:0\n",
    "sys/block/sda/queue/rotational": "0\n",
    "sys/block/sda/queue/scheduler": "[none]\n",
}
ABOUT = ("truce-capture 1\nrealtime_usec 1700100000000000\nmonotonic_usec 100000000000\n"
         "duration_usec 0\nticks_per_second 100\npage_size 4096\n")

templates = {}


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def link(path, text):
    """The same text everywhere: a further link to the file that has it."""
    first, count = templates.get(text, (None, LINKS_MOST))
    if count >= LINKS_MOST:
        put(path, text)
        templates[text] = (path, 1)
    else:
        os.link(first, path)
        templates[text] = (first, count + 1)


def make_thread(directory, pid, tid, comm, n):
    task = f"{directory}/task/{tid}"
    os.mkdir(task)
    link(task + "/comm", comm + "\n")
    link(task + "/stat", STAT.format(pid=FIRST_PID, comm=comm, user=300, nice=20, threads=4,
                                     start=5000))
    link(task + "/status", STATUS.format(pid=FIRST_PID))
    put(task + "/schedstat", f"{3000123456789 + n} {29998765432 + n} {1700456 + n}\n")


def make_scope(root, n, pid):
    scope = root + "/sys/fs/cgroup" + SCOPE.format(n=n)
    os.mkdir(scope)
    for name, text in CGROUP_FILES.items():
        link(f"{scope}/{name}", text)
    put(scope + "/cpu.stat", CPU_STAT.format(n=n))
    link(scope + "/cpu.max", "50000 100000\n" if n % 2 else "max 100000\n")
    for leaf in ("libvirt", "libvirt/emulator", "libvirt/vcpu0", "libvirt/vcpu1"):
        os.mkdir(f"{scope}/{leaf}")
        link(f"{scope}/{leaf}/cpu.max", "max 100000\n")
    put(scope + "/libvirt/emulator/cgroup.procs", f"{pid}\n")


def make_kvm(root, pid):
    kvm = f"{root}/sys/kernel/debug/kvm/{pid}-12"
    os.mkdir(kvm)
    link(kvm + "/exits", "123456\n")
    link(kvm + "/halt_poll_fail_ns", "123456789\n")
    for index in range(2):
        os.mkdir(f"{kvm}/vcpu{index}")
        put(f"{kvm}/vcpu{index}/pid", f"{pid + 1 + index}\n")


def make_vm(root, n):
    pid = FIRST_PID + n * PIDS_A_VM
    directory = f"{root}/proc/{pid}"
    for name in ("", "/task", "/fd"):
        os.mkdir(directory + name)
    put(directory + "/stat", STAT.format(pid=pid, comm="qemu-system-x86", user=200000 + n, nice=20,
                                         threads=4, start=5000 + n))
    put(directory + "/io", IO.format(n=n))
    put(directory + "/cgroup", "0::" + SCOPE.format(n=n) + "/libvirt/emulator\n")
    put(directory + "/cmdline", "\0".join((
        "/usr/bin/qemu-system-x86_64", "-name", f"guest=vm{n},debug-threads=on", "-accel", "kvm",
        "-uuid", f"00000000-0000-4000-8000-{n:012d}", "")))
    link(directory + "/comm", "qemu-system-x86\n")
    link(directory + "/status", STATUS.format(pid=FIRST_PID))
    link(directory + "/ksm_stat", "ksm_rmap_items 1\nksm_zero_pages 2\nksm_merging_pages 3\n"
                                  "ksm_process_profit 4\n")
    os.symlink("/usr/bin/qemu-system-x86_64", directory + "/exe")
    for fd, target in ((11, "/dev/kvm"), (12, "anon_inode:kvm-vm"), (13, "anon_inode:kvm-vcpu:0"),
                       (14, "anon_inode:kvm-vcpu:1")):
        os.symlink(target, f"{directory}/fd/{fd}")
    for offset, comm in enumerate(("qemu-system-x86", "CPU 0/KVM", "CPU 1/KVM", "worker")):
        make_thread(directory, pid, pid + offset, comm, n)
    make_scope(root, n, pid)
    make_kvm(root, pid)


def main(root, vms):
    for path, text in HOST_FILES.items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        put(path, text)
    for path in ("sys/fs/cgroup/machine.slice", "sys/kernel/debug/kvm"):
        os.makedirs(os.path.join(root, path))
    put(os.path.join(root, "about"), ABOUT)
    for n in range(vms):
        make_vm(root, n)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make_host.py DIRECTORY VMS")
    main(sys.argv[1], int(sys.argv[2]))
