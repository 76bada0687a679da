#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM without a guest whose memory is known, page by page, for claims about page sharing.

    made_vm.py NAME ALIKE OWN ZERO [RESTLESS]

holds a KVM VM that never runs, and memory that KSM may merge: ALIKE pages that are the same in
every such VM, each once; OWN pages that are nobody else's; ZERO pages of zeros; RESTLESS pages
that are written to again and again. It prints "ready" and stays until it is killed.
"""
import fcntl
import mmap
import os
import signal
import sys

PAGE = 4096
KVM_CREATE_VM = 0xAE01
MADV_MERGEABLE = 12


def main(arguments):
    # A VM of no known VMM is called as its program was.
    if "MADE_VM" not in os.environ:
        os.execve("/usr/bin/python3", [arguments[0], os.path.abspath(__file__), *arguments],
                  os.environ | {"MADE_VM": "yes"})
    alike, own, zero, restless = (int(word) for word in (arguments[1:] + ["0"])[:4])
    kvm = os.open("/dev/kvm", os.O_RDWR)
    fcntl.ioctl(kvm, KVM_CREATE_VM, 0)
    pages = alike + own + zero + restless
    memory = mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    memory.madvise(MADV_MERGEABLE)
    for page in range(alike):
        memory.write((page + 1).to_bytes(8, "little") * (PAGE // 8))
    for _ in range(own):
        memory.write(os.urandom(PAGE))
    memory.write(bytes(zero * PAGE))
    at = memory.tell()
    print("ready", flush=True)
    turn = 0
    while restless:
        turn += 1
        for page in range(restless):
            memory.seek(at + page * PAGE)
            memory.write(turn.to_bytes(8, "little"))
    signal.pause()


main(sys.argv[1:])
