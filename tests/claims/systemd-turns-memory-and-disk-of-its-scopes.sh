#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# On a host that systemd runs, memory and disk knobs of a VM in a scope are the scope's properties:
# set until it ends, acting, and there after a daemon-reload; given back they are not set again.
# A limit of a disk, of which systemd has not been told, survives a daemon-reload too.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

[ -x /lib/systemd/systemd ] || skip "needs systemd (Debian package systemd)"
need_program systemd-run systemd
inside_box --systemd

modprobe zram && echo 512M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null &&
	swapon /dev/zram0 || skip "the box has no zram to swap to"
# Some 60 MB/s in blocks of 64 KiB, of which the other half is for a control.
modprobe null_blk queue_mode=2 irqmode=2 completion_nsec=1000000 hw_queue_depth=1 submit_queues=1 \
	nr_devices=1 gb=1 || skip "the box has no null_blk"
modprobe bfq && echo bfq >/sys/block/nullb0/queue/scheduler || skip "the box has no BFQ"

# scope NAME ARGUMENT...: a hog in a scope of its own.
scope() {
	scope_name=$1
	shift
	mkdir -p "$scratch/$scope_name"
	cp "$BUILD_ROOT/tests/act/hog" "$scratch/$scope_name/qemu-system-x86_64"
	systemd-run --quiet --scope --slice=machine.slice --unit="$scope_name" \
		"$scratch/$scope_name/qemu-system-x86_64" "$@" >"$scratch/$scope_name.says" &
	background_pids="$background_pids $!"
	poll_until 60 grep -q '^ready' "$scratch/$scope_name.says" || fail "$scope_name has not begun"
	pid=$(cat "/sys/fs/cgroup/machine.slice/$scope_name.scope/cgroup.procs")
}

scope vm1 memory 150
vm1=$pid
scope vm2 memory 150
scope vm3 read /dev/nullb0
vm3=$pid
scope vm4 read /dev/nullb0
vm4=$pid
machine=/sys/fs/cgroup/machine.slice

property() {
	systemctl show --value -p "$2" "$1.scope"
}
charged() {
	echo $(($(cat "$machine/$1.scope/memory.current") / 1048576))
}

turn --high 600 "memory.high=80 MiB@$vm1" "memory.low=40 MiB@$vm1" "disk.weight=300@$vm3" \
	"disk.read_max=1 MB/s@$vm3"
grep '^outcome' "$scratch/turn.out"
all() {
	echo "$(property vm1 MemoryHigh) $(property vm1 MemoryLow) $(property vm3 IOWeight)" \
		"$(cat "$machine/vm1.scope/memory.high" "$machine/vm1.scope/memory.low" | tr '\n' ' ')" \
		"$(cat "$machine/vm3.scope/io.bfq.weight" | sed -n 's/^default //p')" \
		"$(grep -o 'rbps=[0-9]*' "$machine/vm3.scope/io.max")"
}
is_lower() { [ "$(charged vm1)" -le 85 ]; }
poll_until 20 is_lower || fail "memory.high of 80 MiB leaves $(charged vm1)"
echo "80 MiB: vm1 has $(charged vm1) MiB, beside it vm2 $(charged vm2)"
[ "$(charged vm2)" -ge 145 ] || fail "the other VM gave memory"
# read_by PID: bytes so far, past the page cache.
read_by() { awk '/^read_bytes/ { print $2 }' "/proc/$1/io"; }
disk_began="$(read_by "$vm3") $(read_by "$vm4") $(cut -d ' ' -f 1 /proc/uptime)"
sleep 5
disk_rates=$(echo "$disk_began $(read_by "$vm3") $(read_by "$vm4") $(cut -d ' ' -f 1 /proc/uptime)" |
	awk '{ printf "%d %d", ($4 - $1) / ($6 - $3), ($5 - $2) / ($6 - $3) }')
echo "1 MB/s: vm3 reads ${disk_rates% *} bytes a second, beside it vm4 ${disk_rates#* }"
within "${disk_rates% *}" 1000000 20 || fail "limited to 1 MB/s, it reads ${disk_rates% *}"
[ "${disk_rates#* }" -ge 2000000 ] || fail "the control reads ${disk_rates#* }"
set_now=$(all)
echo "$set_now"
# systemd squeezes what is above 100 into BFQ's scale: 2300 of its own come to 300 there.
expect_match "systemd's properties" '^83886080 41943040 2300 83886080 41943040  300 ' "$set_now"
expect_match "the slice's share in memory.low" '^[1-9]' "$(cat "$machine/memory.low")"
systemctl daemon-reload
expect_equal "everything after a daemon-reload" "$set_now" "$(all)"
turn_back
expect_match "systemd's properties afterwards" '^infinity 0 (\[not set\]|100) max 0 ' "$(all)"
expect_equal "the slice's memory.low afterwards" 0 "$(cat "$machine/memory.low")"

# What somebody else sets meanwhile stays.
turn --high 600 "memory.high=120 MiB@$vm1" "memory.low=40 MiB@$vm1"
systemctl set-property --runtime vm1.scope MemoryLow=20M
turn_back
expect_equal "somebody else's, and the rest" "20971520 infinity" "$(property vm1 MemoryLow) $(property vm1 MemoryHigh)"
