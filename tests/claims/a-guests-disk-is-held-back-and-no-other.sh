#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a guest reads and writes is held to its limit, in bytes and in operations, by its cgroup and
# by QEMU itself, and comes back to what it was; the guest beside it goes on. A limit is of one way.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

need_root
need_guests
need_program losetup mount
# A guest that is emulated twice moves less.
rate=${DISK_RATE:-1000000} operations=${DISK_OPERATIONS:-40}

# Half of the disk is read and half is written, again and again, the page cache of the guest
# emptied in between.
guest_image '
until [ -b /dev/vda ]; do sleep 0.1; done
echo disk up
while :; do
	echo 3 >/proc/sys/vm/drop_caches
	dd if=/dev/vda of=/dev/null bs=64k count=256 2>/dev/null
done &
while :; do
	dd if=/dev/zero of=/dev/vda bs=64k seek=256 count=256 conv=fsync 2>/dev/null
done
'

for vm in 1 2; do
	truncate -s 32M "$scratch/disk$vm"
	loop=$(losetup --find --show "$scratch/disk$vm") || skip "needs loop devices"
	at_exit "losetup --detach '$loop'"
	eval "disk$vm=${loop#/dev/}"
	guest_run "vm$vm" "" -m 96 -drive "file=$loop,format=raw,if=none,id=d,cache=none" \
		-device virtio-blk-pci,drive=d
	eval "vm$vm=$pid"
done
guest_says vm1 '^disk up'
guest_says vm2 '^disk up'

# figures: operations and sectors read and written of both disks, and the time.
figures() {
	awk '{ print $1, $3, $5, $7 }' "/sys/block/$disk1/stat" "/sys/block/$disk2/stat"
	cut -d ' ' -f 1 /proc/uptime
}

# measure WHAT [SECONDS]: the first guest's $read_rate, $write_rate, $reads; the second's
# $other_read, $other_write; bytes and operations a second.
measure() {
	sleep 1
	figures >"$scratch/before"
	sleep "${2:-5}"
	figures >"$scratch/after"
	# shellcheck disable=SC2046
	set -- "$1" $(cat "$scratch/before" "$scratch/after" | tr '\n' ' ' | awk '{
		t = $18 - $9
		printf "%d %d %d %d %d", ($11 - $2) * 512 / t, ($13 - $4) * 512 / t,
			($10 - $1) / t, ($15 - $6) * 512 / t, ($17 - $8) * 512 / t }')
	read_rate=$2 write_rate=$3 reads=$4 other_read=$5 other_write=$6
	echo "$1: reads $2 B/s in $4 operations, writes $3 B/s; beside it $5 and $6 B/s"
}

is_limited() {
	within "$1" "$2" 20 || fail "limited to $2, it has $1"
}
# Of those that are let through some become one on their way to the disk.
are_limited() {
	[ "$reads" -ge $((operations * 3 / 8)) ] && [ "$reads" -le $((operations * 23 / 20)) ] ||
		fail "limited to $operations reads a second, it has $reads"
}
is_free() {
	[ "$1" -ge $((rate * 2)) ] || fail "$2 is not limited and has $1 bytes a second"
}

measure "without"
[ "$reads" -ge $((operations * 2)) ] ||
	skip "needs a machine whose emulated guests read $((operations * 2)) times a second; one does $reads times"
for moved in "$read_rate" "$write_rate" "$other_read" "$other_write"; do
	[ "$moved" -ge $((rate * 4)) ] ||
		skip "needs a machine whose emulated guests move $((rate * 4)) B/s; one moves $moved B/s"
done

turn "disk.read_max=$rate B/s@$vm1"
expect_match "where" 'disk.read_max applied [0-9]+ .?B/s \((io.max|blkio.throttle)' "$(cat "$scratch/turn.out")"
measure "disk.read_max of $rate B/s"
is_limited "$read_rate" "$rate"
is_free "$write_rate" "what it writes"
is_free "$other_read" "the other guest"
turn_back

turn "disk.write_max=$rate B/s@$vm1"
measure "disk.write_max of $rate B/s"
is_limited "$write_rate" "$rate"
is_free "$read_rate" "what it reads"
is_free "$other_write" "the other guest"
turn_back

turn "disk.read_operations_max=$operations/s@$vm1"
measure "$operations reads a second"
are_limited
is_free "$other_read" "the other guest"
turn_back
measure "given back" 3
is_free "$read_rate" "what it reads"
is_free "$write_rate" "what it writes"

turn "disk.throttle=$rate B/s@$vm1"
measure "QEMU's own limit of $rate B/s"
is_limited "$read_rate" "$rate"
is_limited "$write_rate" "$rate"
is_free "$other_read" "the other guest"
turn_back

turn "disk.throttle_operations=$operations/s@$vm1"
measure "QEMU's own limit of $operations operations a second"
are_limited
turn_back
measure "given back" 3
is_free "$read_rate" "what it reads"
is_free "$write_rate" "what it writes"

! find /sys/fs/cgroup -maxdepth 3 -name "vm-$vm1-*" 2>/dev/null | grep . || fail "a cgroup is left"
