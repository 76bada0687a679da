#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In cgroup v2: io.max holds a VM back on the disk that it lies on, beside a control VM, and keeps
# what somebody else wrote into the same line; weights share a slow disk by BFQ, and are
# refused where nothing makes them act. A VM without a cgroup is given one, and it goes.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

inside_box

# A disk that serves one request at a time, each in 10 ms: some 6 MB/s in blocks of 64 KiB.
modprobe null_blk queue_mode=2 irqmode=2 completion_nsec=10000000 hw_queue_depth=1 submit_queues=1 \
	nr_devices=2 gb=1 || skip "the box has no null_blk"
modprobe bfq 2>/dev/null
controllers=$(cat /sys/fs/cgroup/cgroup.subtree_control)

# read_by PID: bytes so far, past the page cache.
read_by() {
	awk '/^read_bytes/ { print $2 }' "/proc/$1/io"
}

# measure WHAT SECONDS: $first and $second, bytes a second of vm1 and vm2.
measure() {
	sleep 1
	begin="$(read_by "$vm1") $(read_by "$vm2") $(cut -d ' ' -f 1 /proc/uptime)"
	sleep "$2"
	first=$(echo "$begin $(read_by "$vm1") $(cut -d ' ' -f 1 /proc/uptime)" |
		awk '{ printf "%d", ($4 - $1) / ($5 - $3) }')
	second=$(echo "$begin $(read_by "$vm2") $(cut -d ' ' -f 1 /proc/uptime)" |
		awk '{ printf "%d", ($4 - $2) / ($5 - $3) }')
	echo "$1: $first and $second bytes a second"
}

hog vm1 read /dev/nullb0
vm1=$pid
hog vm2 read /dev/nullb1
vm2=$pid
measure "without" 3
[ "$first" -ge 1600000 ] || fail "the disk is slower than it should be"
turn "disk.read_max=1 MB/s@$vm1"
grep '^outcome' "$scratch/turn.out"
group=$(find /sys/fs/cgroup/truce -name "vm-$vm1-*")
expect_match "its cgroup's limit" 'rbps=1000000 wbps=max' "$(cat "$group/io.max")"
measure "io.max of 1 MB/s for the first" 5
within "$first" 1000000 15 || fail "limited to 1 MB/s, it has $first"
[ "$second" -ge 1600000 ] || fail "the other VM has $second"
# Somebody else's number in the same line stays.
echo "$(cut -d ' ' -f 1 "$group/io.max") wiops=77" >"$group/io.max"
turn_back
[ ! -e /sys/fs/cgroup/truce ] || fail "a cgroup is left"
expect_equal "the controllers given to children" "$controllers" \
	"$(cat /sys/fs/cgroup/cgroup.subtree_control)"
measure "given back" 3
[ "$first" -ge 1600000 ] || fail "given back, it has $first"

# One disk for both, each in a cgroup of its own.
kill "$vm1" "$vm2"
groups=/sys/fs/cgroup/vms
echo '+io' >/sys/fs/cgroup/cgroup.subtree_control
mkdir "$groups"
echo '+io' >"$groups/cgroup.subtree_control"
for vm in 1 2; do
	mkdir "$groups/vm$vm"
	hog_group=$groups/vm$vm
	hog "both$vm" read /dev/nullb0
	eval "vm$vm=$pid"
done
device=$(cat /sys/class/block/nullb0/dev)
echo "$device wiops=77" >"$groups/vm1/io.max"
turn "disk.read_max=1 MB/s@$vm1"
expect_equal "the whole line" "$device rbps=1000000 wbps=max riops=max wiops=77" \
	"$(cat "$groups/vm1/io.max")"
turn_back
expect_equal "the line afterwards" "$device rbps=max wbps=max riops=max wiops=77" \
	"$(cat "$groups/vm1/io.max")"

echo none >/sys/block/nullb0/queue/scheduler
expect_exit 1 env TRUCE_RUN_DIR="$scratch/run" "$TURN" "disk.weight=400@$vm1" </dev/null
expect_match "the refusal" 'nothing makes I/O weights act on nullb0: its scheduler is none' \
	"$(cat "$scratch/out")"
grep refused "$scratch/out"

# share: per cent of what both read that the first has.
share() {
	echo $((first * 100 / (first + second)))
}

# Four times the weight for one, then for the other: on a busy machine the disk is not always
# short, and not in the same way for both.
weights() {
	turn "disk.weight=400@$vm1"
	measure "by $1, weights 400 and 100" 8
	heavy=$(share)
	turn_back
	turn "disk.weight=400@$vm2"
	measure "by $1, weights 100 and 400" 8
	light=$(share)
	turn_back
	echo "the first has $heavy % with four times the other's weight and $light % with a quarter"
	[ "$heavy" -ge $((light + 25)) ] || fail "weights by $1 do not act"
}

echo bfq >/sys/block/nullb0/queue/scheduler && echo 0 >/sys/block/nullb0/queue/iosched/low_latency ||
	skip "the box has no BFQ"
weights BFQ
echo none >/sys/block/nullb0/queue/scheduler

# iocost is known by what it is told of the disk; the weight is its cgroup's file.
cat "$groups/vm1/io.weight" >/dev/null || skip "the box has no iocost"
echo "$device enable=1" >/sys/fs/cgroup/io.cost.qos
turn "disk.weight=400@$vm1"
expect_match "where iocost is on" 'disk.weight applied 400 \(io.weight\)' "$(cat "$scratch/turn.out")"
expect_equal "the weight" "default 400" "$(cat "$groups/vm1/io.weight")"
turn_back
expect_equal "the weight afterwards" "default 100" "$(cat "$groups/vm1/io.weight")"
