#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Gives each VM of a generated host hot files of its own.

    own_files.py DIRECTORY

tests/hosts/generate.py makes one file with many links of what is equal for all VMs. A floor that
reads the same bytes again and again would be lower than any kernel's, so the files that a hot tick
reads are made apart.
"""
import os
import sys

HOT = {"stat", "io", "schedstat", "cpu.stat"}


def own(path):
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(data)


def main(directory):
    for below in ("proc", "sys/fs/cgroup"):
        for here, _, names in os.walk(os.path.join(directory, below)):
            for name in HOT.intersection(names):
                path = os.path.join(here, name)
                if os.lstat(path).st_nlink > 1:
                    own(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: own_files.py DIRECTORY")
    main(sys.argv[1])
