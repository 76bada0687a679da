#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In cgroup v2, with a truced of the box's own: disk-calm holds back who fills a disk that gold waits for,
# and gives it back; memory-pressure takes from a VM that does not use its memory, lets KSM run, and
# gives back what it turned. Each is the shipped file, with its classes said anew.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

inside_box --memory 1G

export TRUCE_RUN_DIR="$scratch/run" TRUCE_STATE_DIR="$scratch/state" TRUCE_CONF_DIR="$scratch/conf"
export TRUCE_LIBEXEC="$BUILD_ROOT/src/decide"
mkdir -p "$scratch/conf/policies.d"
printf '[truced]\nmode = enforce\nbudget = 50%%\n' >"$scratch/conf/truce.conf"
# A disk that serves one request at a time, each in 10 ms.
modprobe null_blk queue_mode=2 irqmode=2 completion_nsec=10000000 hw_queue_depth=1 submit_queues=1 \
	nr_devices=1 gb=1 || skip "the box has no null_blk"
groups=/sys/fs/cgroup/vms
echo '+memory +io +cpu' >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p "$groups"
echo '+memory +io +cpu' >"$groups/cgroup.subtree_control"
mkdir "$groups/gold" "$groups/copy" "$groups/cold"
hog_group=$groups/gold
hog gold read /dev/nullb0
gold=$pid
hog_group=$groups/copy
hog copy write /dev/nullb0
copy=$pid
hog_group=$groups/cold
hog cold memory 300
background "$BUILD_ROOT/src/daemon/truced" >"$scratch/log" 2>&1
poll_until 60 test -S "$scratch/run/control.sock" || fail "no truced: $(cat "$scratch/log")"

limited() { grep -q 'wbps=[0-9]' "$groups/copy/io.max"; }
is_free() { ! grep -q 'bps=[0-9]' "$groups/copy/io.max"; }
sed 's/name = "\*gold\*"/cgroup = "*gold"/; s/class "bronze" { any = true }/class "bronze" { cgroup = "*copy" }/' \
	"$SOURCE_ROOT/policies/disk-calm.lua" >"$scratch/disk-calm.lua"
expect_exit 0 "$TRUCE" policy load "$scratch/disk-calm.lua"
poll_until 30 limited || fail "who fills the disk is not held back: $("$TRUCE" log)"
# One that gold no longer waits for is calm after half a minute, and is given back in ten steps.
kill "$gold"
poll_until 120 is_free || fail "what was limited stays so: $("$TRUCE" log | tail -5)"
"$TRUCE" log | grep -E 'disk.write_max' | cut -c1-160
expect_exit 0 "$TRUCE" policy unload disk-calm
kill "$copy"

{ modprobe zram && echo 768M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null &&
	swapon /dev/zram0; } || skip "the box has no zram to swap to"
charged() { echo $(($(cat "$groups/cold/memory.current") / 1048576)); }
gave() { [ "$(charged)" -le $((before - $1)) ]; }
merges() { [ "$(cat /sys/kernel/mm/ksm/run)" -eq "$1" ]; }
before=$(charged)
merges 0 || fail "KSM runs already"
expect_exit 0 "$TRUCE" policy load "$SOURCE_ROOT/policies/memory-pressure.lua"
mkdir "$scratch/full"
mount -t tmpfs -o size=900M none "$scratch/full"
available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
dd if=/dev/urandom of="$scratch/full/file" bs=1M count=$((available - 35)) 2>/dev/null
poll_until 60 gave 30 || fail "the VM has given $((before - $(charged))) MiB: $("$TRUCE" log | tail -5)"
poll_until 10 merges 1 || fail "KSM does not run"
rm "$scratch/full/file"
echo "the cold VM: $before MiB, then $(charged) MiB"
expect_exit 0 "$TRUCE" policy unload memory-pressure
poll_until 20 merges 0 || fail "KSM was not left as it was found"
umount "$scratch/full"
expect_exit 0 "$TRUCE" undo all
