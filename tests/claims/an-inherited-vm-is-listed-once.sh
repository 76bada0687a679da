#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Children that inherit the descriptors of their parent's VM hold it open, and are no VMs: the
# list has the parent, once, whether the observer was there before or comes later, and whether or
# not KVM's directory in debugfs is to be seen.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/bench/follow.sh
. "$SOURCE_ROOT/tests/bench/follow.sh"

need_root
need_kvm
need_program unshare util-linux

# A VM with one vCPU, and three children, until it is killed.
cat >"$scratch/parent.py" <<'END'
import fcntl, os, signal, sys
KVM_CREATE_VM, KVM_CREATE_VCPU = 0xAE01, 0xAE41
kvm = os.open("/dev/kvm", os.O_RDWR)
vm = fcntl.ioctl(kvm, KVM_CREATE_VM, 0)
vcpu = fcntl.ioctl(vm, KVM_CREATE_VCPU, 0)
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        signal.pause()
    children.append(child)
def end(*_):
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
print("pids", os.getpid(), *children, flush=True)
signal.pause()
END

parent_start() {
	background /usr/bin/python3 "$scratch/parent.py" >"$scratch/pids" 9>&-
	parent=$pid
	poll_until 10 grep -q '^pids' "$scratch/pids" || fail "no VM with children was made"
}

# Of the four processes that hold it, the parent alone, and once.
listed_once() {
	follow_ask
	sed 's/pids //' "$scratch/pids" | tr ' ' '\n' >"$scratch/holders"
	expect_equal "processes that hold the VM" 4 "$(vm_processes | grep -cxF -f "$scratch/holders")"
	[ "$(awk '$1 == "vm" { print $2 }' "$scratch/list" | grep -xF -f "$scratch/holders")" = \
		"$parent" ]
}

# check WHAT [COMMAND...]: the observer is run by COMMAND.
check() {
	what=$1
	shift
	parent_start
	follow_start "$@"
	poll_until 5 listed_once || fail "$what, an observer that comes later: $(cat "$scratch/list")"
	kill "$parent"
	wait "$parent"
	parent_start
	poll_until 5 listed_once || fail "$what, an observer that was there: $(cat "$scratch/list")"
	follow_end
	kill "$parent"
	wait "$parent"
}

check "with debugfs"
check "without debugfs" unshare --mount --propagation private sh -c \
	'umount -l /sys/kernel/debug 2>/dev/null; exec "$@"' sh
