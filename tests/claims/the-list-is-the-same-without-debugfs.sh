#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# KVM's directory in debugfs makes the list cheaper, and no other: names, VMMs and the threads of
# vCPUs are the same without it, of VMs of each VMM's custom, halted and spinning, and of QEMU.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
need_program unshare util-linux
[ -d /sys/kernel/debug/kvm ] || skip "needs debugfs at /sys/kernel/debug to be taken away"

n=0
for custom in plain firecracker cloud-hypervisor crosvm kvmtool qemu; do
	background "$TINY_VMM" run --vms 2 --vcpus 2 --spin 0.5 --name "$custom" \
		--thread-names "$custom" >"$scratch/ready-$custom"
	poll_until 30 grep -q '^ready' "$scratch/ready-$custom" || fail "no VMs like $custom"
	n=$((n + 2))
done
if command -v qemu-system-x86_64 >/dev/null; then
	background qemu-system-x86_64 -nodefaults -no-user-config -display none -m 32 -S \
		-accel kvm -smp 2 -name guest=paused,debug-threads=on
	n=$((n + 1))
fi

# One line a VM of those that were started here (their children's parent is this shell, or its child).
cat >"$scratch/lines.py" <<'END'
import json, sys
for vm in json.load(sys.stdin)["vms"]:
    if any(word in vm["name"] for word in sys.argv[1:]):
        print(vm["id"], vm["name"], vm["vmm"], vm["accel"],
              *(f"{vcpu['index']}:{vcpu['tid']}" for vcpu in vm["vcpus"]))
END
lines() {
	"$@" "$TRUCE" list --json --over 0 >"$scratch/json" 2>"$scratch/err" ||
		fail "list ended with $?: $(cat "$scratch/err")"
	/usr/bin/python3 "$scratch/lines.py" plain- firecracker- cloud-hypervisor- crosvm- kvmtool- \
		qemu- paused <"$scratch/json"
}
same() {
	lines env >"$scratch/with"
	lines unshare --mount --propagation private sh -c 'umount -l /sys/kernel/debug; exec "$@"' sh \
		>"$scratch/without"
	[ "$(wc -l <"$scratch/with")" -eq "$n" ] && cmp -s "$scratch/with" "$scratch/without"
}
poll_until 10 same || {
	diff "$scratch/with" "$scratch/without" >&2
	fail "$(wc -l <"$scratch/with") VMs with debugfs (<) and not $n, or others without it (>)"
}
