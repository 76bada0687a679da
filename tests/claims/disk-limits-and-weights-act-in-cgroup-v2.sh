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
turn_back
turn "disk.read_operations_max=10/s@$vm1"
measure "10 reads a second for the first" 5
within "$first" 655360 20 || fail "limited to 10 reads of 64 KiB a second, it has $first"
[ "$second" -ge 1600000 ] || fail "the other VM has $second"
turn_back
turn "disk.read_max=1 MB/s@$vm1"
group=$(find /sys/fs/cgroup/truce -name "vm-$vm1-*")
# Somebody else's number in the same line stays.
echo "$(cut -d ' ' -f 1 "$group/io.max") wiops=77" >"$group/io.max"
turn_back
[ ! -e /sys/fs/cgroup/truce ] || fail "a cgroup is left"
expect_equal "the controllers given to children" "$controllers" \
	"$(cat /sys/fs/cgroup/cgroup.subtree_control)"
measure "given back" 3
[ "$first" -ge 1600000 ] || fail "given back, it has $first"

# The same for what is written.
kill "$vm1" "$vm2"
read_by() {
	awk '/^write_bytes/ { print $2 }' "/proc/$1/io"
}
hog writes1 write /dev/nullb0
vm1=$pid
hog writes2 write /dev/nullb1
vm2=$pid
turn "disk.write_max=1 MB/s@$vm1"
measure "writes, io.max of 1 MB/s for the first" 5
within "$first" 1000000 15 || fail "limited to 1 MB/s, it writes $first"
[ "$second" -ge 1600000 ] || fail "the other VM writes $second"
turn_back
turn "disk.write_operations_max=10/s@$vm1"
measure "10 writes a second for the first" 5
within "$first" 655360 20 || fail "limited to 10 writes of 64 KiB a second, it has $first"
[ "$second" -ge 1600000 ] || fail "the other VM writes $second"
turn_back
read_by() {
	awk '/^read_bytes/ { print $2 }' "/proc/$1/io"
}

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

# Four times the weight for one, then for the other: 80 and 20 of 100 are meant.
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
	[ "$heavy" -ge 74 ] && [ "$heavy" -le 86 ] && [ "$light" -ge 14 ] && [ "$light" -le 26 ] ||
		fail "weights of 4:1 by $1 came to something else"
}

echo bfq >/sys/block/nullb0/queue/scheduler && echo 0 >/sys/block/nullb0/queue/iosched/low_latency ||
	skip "the box has no BFQ"
# Else several are sent at once, and the disk is what chooses.
echo 1 >/sys/block/nullb0/queue/iosched/strict_guarantees
weights BFQ
echo none >/sys/block/nullb0/queue/scheduler

# iocost goes by what it is told of a disk: with a model that is slower than the disk, what it shares
# is short. It needs a disk that serves many requests at a time.
cat "$groups/vm1/io.weight" >/dev/null || skip "the box has no iocost"
kill "$vm1" "$vm2"
modprobe configfs
mount -t configfs none /sys/kernel/config 2>/dev/null
fast=/sys/kernel/config/nullb/fast
mkdir "$fast" || skip "the box's null_blk makes no further disk"
for word in size=1024 queue_mode=2 irqmode=2 completion_nsec=100000 hw_queue_depth=64 submit_queues=1 power=1; do
	echo "${word#*=}" >"$fast/${word%%=*}"
done
disk=nullb$(cat "$fast/index")
[ -b "/dev/$disk" ] || disk=fast
poll_until 20 test -b "/dev/$disk" || fail "no disk $disk"
echo none >"/sys/block/$disk/queue/scheduler"
for vm in 1 2; do
	hog_group=$groups/vm$vm
	hog "fast$vm" read "/dev/$disk"
	eval "vm$vm=$pid"
done
device=$(cat "/sys/class/block/$disk/dev")
echo "$device ctrl=user model=linear rbps=50000000 rseqiops=300 rrandiops=300 wbps=50000000" \
	"wseqiops=300 wrandiops=300" >/sys/fs/cgroup/io.cost.model
echo "$device enable=1 ctrl=user rpct=0 rlat=5000 wpct=0 wlat=5000 min=100 max=100" >/sys/fs/cgroup/io.cost.qos
turn "disk.weight=400@$vm1"
expect_match "where iocost is on" 'disk.weight applied 400 \(io.weight\)' "$(cat "$scratch/turn.out")"
expect_equal "the weight" "default 400" "$(cat "$groups/vm1/io.weight")"
measure "by iocost, weights 400 and 100" 8
within "$first" $((second * 4)) 20 || fail "weights of 4:1 came to $first and $second"
turn_back
expect_equal "the weight afterwards" "default 100" "$(cat "$groups/vm1/io.weight")"
measure "by iocost, given back" 5
within "$first" "$second" 20 || fail "equal weights came to $first and $second"
