#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In cgroup v2: memory.reclaim takes from the VM once, memory.high holds it to less and lets go by
# itself after its time, memory.low keeps what a VM has when memory is short, each beside a control
# VM. What would only hold a VM back, or not hold its memory at all, is refused with the reason.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

inside_box --kvm --memory 1G

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

# both_again: both have 200 MiB again.
both_again() {
	kill "$vm1" "$vm2"
	for vm in 1 2; do
		emptied() { [ -z "$(cat "$groups/vm$vm/cgroup.procs")" ]; }
		poll_until 10 emptied
		hog_group=$groups/vm$vm
		hog "again$vm" memory 200
		eval "vm$vm=$pid"
	done
	hog_group=
}

# squeezed WHAT: a third wants all that there is, until the unprotected one has given.
# As much as the unprotected ones can give: where nothing else is left, low is given up too.
other_gave() { [ "$(charged 2)" -le 140 ]; }
squeezed() {
	hog greedy touch 600
	greedy=$pid
	poll_until 60 other_gave || fail "memory is not short: the unprotected VM has $(charged 2) MiB"
	echo "$1 of 180 MiB, memory short: $(charged 1) MiB; beside it $(charged 2)"
	[ "$(charged 1)" -ge 175 ] || fail "180 MiB were protected by $1, it has $(charged 1)"
	kill "$greedy"
	wait "$greedy" 2>/dev/null
}

both_again
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
squeezed memory.low
turn_back
expect_equal "memory.low afterwards" "0 0" "$(cat "$groups/vm1/memory.low" "$groups/memory.low" | tr '\n' ' ' | sed 's/ $//')"

# Where it would be weak, a reserve of a policy comes to memory.min, and truced says why.
[ -e /sys/kernel/mm/lru_gen/enabled ] || exit 0
echo y >/sys/kernel/mm/lru_gen/enabled
both_again
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"
truced_conf '[truced]' 'mode = enforce' 'interval = 500ms'
cat >"$scratch/kept.lua" <<'END'
policy "kept"
interval (500 * ms)
class "kept" { cgroup = "/vms/vm1*" }
intent "kept" { memory = { reserve = 180 * MiB } }
END
truced_start
expect_exit 0 "$TRUCE" policy load "$scratch/kept.lua"
min() { cat "$groups/vm1/memory.min"; }
is_kept() { [ "$(min)" = 188743680 ]; }
poll_until 30 is_kept || fail "memory.min is $(min): $("$TRUCE" log)"
expect_equal "memory.low beside it" 0 "$(cat "$groups/vm1/memory.low")"
expect_equal "memory.min above it" 188743680 "$(cat "$groups/memory.min")"
"$TRUCE" explain "$vm1" >"$scratch/explained"
cat "$scratch/explained"
expect_match "what explain says" 'memory.min' "$(cat "$scratch/explained")"
expect_match "why it says so" 'lru_gen is on' "$(cat "$scratch/explained")"
squeezed memory.min
# Where the kernel changes its way, so does truced.
echo n >/sys/kernel/mm/lru_gen/enabled
is_low() { [ "$(min) $(cat "$groups/vm1/memory.low")" = "0 188743680" ]; }
poll_until 60 is_low || fail "lru_gen is off, memory.min is $(min): $("$TRUCE" log)"
expect_exit 0 "$TRUCE" policy unload kept
is_free() { [ "$(cat "$groups/vm1/memory.low" "$groups/memory.low" "$groups/memory.min" | tr '\n' ' ')" = "0 0 0 " ]; }
poll_until 60 is_free || fail "the reserve is not given back: $("$TRUCE" log)"
