#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# On this host, too, disk.weight shares a disk that is short by BFQ: of two VMs that read as much as
# they can, the first has some 80 of 100 bytes with four times the other's weight, some 20 with a quarter
# of it, and half afterwards. Without BFQ it is refused with the reason.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

need_root
need_program losetup mount
[ -x "$TURN" ] || skip "needs the program that turns knobs, which was not built"
export TURN_CGROUP="truce-claim-$$"

dd if=/dev/zero of="$scratch/image" bs=1M count=256 2>/dev/null
disk=$(losetup --direct-io=on --find --show "$scratch/image" 2>/dev/null) ||
	skip "needs loop devices that read past the page cache"
at_exit "losetup --detach '$disk'"
queue=/sys/block/${disk#/dev/}/queue
echo none >"$queue/scheduler"
for vm in 1 2; do
	hog "vm$vm" read "$disk"
	eval "vm$vm=$pid"
done

expect_exit 1 env TRUCE_RUN_DIR="$scratch/run" "$TURN" "disk.weight=400@$vm1" </dev/null
expect_match "the refusal" 'nothing makes I/O weights act on loop.*: its scheduler is none' "$(cat "$scratch/out")"
grep refused "$scratch/out"

echo bfq >"$queue/scheduler" 2>/dev/null || skip "this kernel has no BFQ"
echo 0 >"$queue/iosched/low_latency"
# Else several are sent at once, and the disk is what chooses.
echo 1 >"$queue/iosched/strict_guarantees"

read_by() { awk '/^read_bytes/ { print $2 }' "/proc/$1/io"; }

# share_once: $part, per cent of what both read that the first has.
share_once() {
	sleep 1
	before_1=$(read_by "$vm1") before_2=$(read_by "$vm2")
	sleep 6
	first=$(($(read_by "$vm1") - before_1)) second=$(($(read_by "$vm2") - before_2))
	part=$((first * 100 / (first + second)))
	echo "$1: $((first / 6)) and $((second / 6)) bytes a second, $part %"
}
# share WHAT LEAST MOST: the part lies between these. While other programs have the processors, the
# readers come late and the disk is not short: then nothing is shared, and it is looked at again.
share() {
	for _ in 1 2 3 4 5; do
		share_once "$1"
		[ "$part" -lt "$2" ] || [ "$part" -gt "$3" ] || return 0
	done
	fail "of 100 bytes the first has $part, not $2 to $3"
}

turn "disk.weight=400@$vm1" "disk.weight=100@$vm2"
grep '^outcome' "$scratch/turn.out"
share "weights 400 and 100" 64 88
turn_back
turn "disk.weight=100@$vm1" "disk.weight=400@$vm2"
share "weights 100 and 400" 12 36
turn_back
share "given back" 40 60
! find /sys/fs/cgroup -maxdepth 3 -name "$TURN_CGROUP" 2>/dev/null | grep . || fail "a cgroup is left"
