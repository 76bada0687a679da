#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In cgroup v2: memory.reclaim takes from the VM once, memory.high holds it to less and lets go by
# itself after its time, memory.low keeps what a VM has when memory is short, each beside a control
# VM. What would only hold a VM back, or not hold its memory at all, is refused with the reason.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

inside_box --memory 1G

groups=/sys/fs/cgroup/vms
echo '+memory' >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p "$groups"
echo '+memory' >"$groups/cgroup.subtree_control"
for vm in 1 2; do
	mkdir "$groups/vm$vm"
	hog_group=$groups/vm$vm
	hog "vm$vm" memory 200
	eval "vm$vm=$pid"
done
hog_group=
hog homeless memory 100
homeless=$pid

# charged VM: MiB.
charged() {
	echo $(($(cat "$groups/vm$1/memory.current") / 1048576))
}

[ "$(charged 1)" -ge 195 ] && [ "$(charged 2)" -ge 195 ] || fail "the VMs do not have their memory"

# refused ARGUMENT PATTERN
refused() {
	expect_exit 1 env TRUCE_RUN_DIR="$scratch/run" "$TURN" "$1" </dev/null
	expect_match "why $1 is refused" "$2" "$(cat "$scratch/out")"
	grep refused "$scratch/out"
}

refused "memory.high=100 MiB@$homeless" 'one made now would not hold the memory that it has'
refused "memory.reclaim=100 MiB@$homeless" 'one made now would not hold the memory that it has'
refused "memory.high=100 MiB@$vm1" 'memory.high of 100 MiB is .* MiB below its use, and only . MiB'
refused "memory.reclaim=50 MiB@$vm1" 'the kernel could take nothing'
[ "$(cat "$groups/vm1/memory.high")" = max ] || fail "a refused limit was set"

# From here on there is somewhere to take it to.
modprobe zram && echo 768M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null &&
	swapon /dev/zram0 || skip "the box has no zram to swap to"

before=$(charged 1)
turn "memory.reclaim=80 MiB@$vm1"
grep '^outcome' "$scratch/turn.out"
turn_back
echo "memory.reclaim of 80 MiB: $before -> $(charged 1) MiB; beside it $(charged 2)"
[ "$(charged 1)" -le $((before - 70)) ] || fail "only $((before - $(charged 1))) MiB were taken"
[ "$(charged 1)" -ge $((before - 110)) ] || fail "more was taken: $((before - $(charged 1))) MiB"
[ "$(charged 2)" -ge 195 ] || fail "the other VM gave memory"

before=$(charged 2)
turn --high 6 "memory.high=90 MiB@$vm2"
is_lower() { [ "$(charged 2)" -le 95 ]; }
poll_until 5 is_lower || fail "memory.high of 90 MiB leaves $(charged 2)"
echo "memory.high of 90 MiB: $before -> $(charged 2) MiB; beside it $(charged 1)"
let_go() {
	echo read >&7
	[ "$(cat "$groups/vm2/memory.high")" = max ]
}
poll_until 20 let_go || fail "memory.high stands after its time"
poll_until 5 grep -q 'memory.high restored .*released by itself' "$scratch/turn.out" ||
	fail "nobody says that it was released: $(cat "$scratch/turn.out")"
grep 'restored' "$scratch/turn.out"
turn_back

# Both have 200 MiB again, and a third wants all that there is.
kill "$vm1" "$vm2"
for vm in 1 2; do
	emptied() { [ -z "$(cat "$groups/vm$vm/cgroup.procs")" ]; }
	poll_until 10 emptied
	hog_group=$groups/vm$vm
	hog "again$vm" memory 200
	eval "vm$vm=$pid"
done
hog_group=
# Where the kernel ages memory by generations it passes over memory.low once and then takes all
# the same (6.12), which is said; the older way keeps it.
if [ -e /sys/kernel/mm/lru_gen/enabled ]; then
	echo y >/sys/kernel/mm/lru_gen/enabled
	turn "memory.low=180 MiB@$vm1"
	expect_match "where" 'memory.low, weak: lru_gen is on' "$(cat "$scratch/turn.out")"
	turn_back
	echo n >/sys/kernel/mm/lru_gen/enabled
fi
turn "memory.low=180 MiB@$vm1"
expect_equal "memory.low above it" 188743680 "$(cat "$groups/memory.low")"
# As much as the unprotected ones can give: where nothing else is left, low is given up too.
hog greedy touch 600
greedy=$pid
other_gave() { [ "$(charged 2)" -le 140 ]; }
poll_until 60 other_gave || fail "memory is not short: the unprotected VM has $(charged 2) MiB"
echo "memory.low of 180 MiB, memory short: $(charged 1) MiB; beside it $(charged 2)"
[ "$(charged 1)" -ge 175 ] || fail "180 MiB were protected, it has $(charged 1)"
kill "$greedy"
turn_back
expect_equal "memory.low afterwards" "0 0" "$(cat "$groups/vm1/memory.low" "$groups/memory.low" | tr '\n' ' ' | sed 's/ $//')"
