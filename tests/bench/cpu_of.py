#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU time of a program from its start to its exit, its children's included.

    cpu_of.py TIMES COMMAND [ARGUMENT...]

runs it so many times with its output thrown away, and prints the medians of user, system and
both together, the least and the most of both together, all in milliseconds, and the last exit
status.
"""
import os
import statistics
import sys


def run_once(command):
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    return usage.ru_utime * 1000, usage.ru_stime * 1000, os.waitstatus_to_exitcode(status)


def main(times, command):
    runs = [run_once(command) for _ in range(times)]
    both = [user + system for user, system, _ in runs]
    print(f"{statistics.median(user for user, _, _ in runs):.1f} "
          f"{statistics.median(system for _, system, _ in runs):.1f} "
          f"{statistics.median(both):.1f} {min(both):.1f} {max(both):.1f} {runs[-1][2]}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: cpu_of.py TIMES COMMAND [ARGUMENT...]")
    main(int(sys.argv[1]), sys.argv[2:])
