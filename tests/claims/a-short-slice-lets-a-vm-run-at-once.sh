#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that works 1 ms every 10 ms has a hundred times the weight of three that spin on the same
# core, and still waits until the running one's slice is over. With cpu.slice it does not: in turn,
# with and without it, a tenth of a burst's period (1 ms) or more of waiting is counted. The knob
# gives no CPU time and takes none: the guests that spin, the control, get as much. Their
# cgroup goes before everything else here, so that a busy machine is not what is measured.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
[ -x "$turn" ] || skip "needs the program that turns knobs, which was not built"
rounds=${SLICE_ROUNDS:-3}
seconds=${SLICE_SECONDS:-5}

: >"$scratch/ready"
background setsid taskset -c "$core" "$TINY_VMM" run --burst-ms 1:10 --log "$scratch/bursts" >"$scratch/ready"
poll_until 60 grep -q '^ready' "$scratch/ready" || fail "no guest that works in bursts"
gold=$(tr -d ' ' <"/proc/$pid/task/$pid/children")

# slices: of all threads of it, in milliseconds; nothing where the kernel does not tell.
slices() {
	cat "/proc/$gold/task"/*/sched | sed -n 's/^se.slice[ :]*//p'
}

was=$(slices)
hold "cpu.slice=100us@$gold"
case $(cat "$scratch/turn") in *"(before 6.12)"*) skip "this kernel (before 6.12) has one slice for all" ;; esac
let_go
expect_equal "the slices afterwards" "$was" "$(slices)"

spin setsid
vm_a=$vm
spin setsid
vm_b=$vm
spin setsid
vm_c=$vm

# hold_beside ITEM...: in a journal of its own and for the whole claim, so that others come and go.
beside=0 beside_pid_1='' beside_pid_2=''
hold_beside() {
	beside=$((beside + 1))
	mkdir "$scratch/run.$beside"
	mkfifo "$scratch/hold.$beside"
	TRUCE_RUN_DIR=$scratch/run.$beside "$turn" "$@" <"$scratch/hold.$beside" >"$scratch/turn.$beside" 2>&1 &
	eval "beside_pid_$beside=$!"
	eval "exec $((beside + 6))>'$scratch/hold.$beside'"
	poll_until 60 grep -q '^ready' "$scratch/turn.$beside" || fail "'$*': $(cat "$scratch/turn.$beside")"
	grep -q 'give cpu.idle back first' "$scratch/turn.$beside" &&
		skip "somebody else holds these guests to a policy: $(head -n 1 "$scratch/turn.$beside")"
	grep -q ' refused ' "$scratch/turn.$beside" && fail "'$*': $(cat "$scratch/turn.$beside")"
	return 0
}
end_beside() {
	# The second weighs a cgroup that the first made.
	[ "$beside" -lt 2 ] || { exec 8>&-; wait "$beside_pid_2"; }
	[ "$beside" -lt 1 ] || { exec 7>&-; wait "$beside_pid_1"; }
	beside=0
}
at_exit end_beside

hold_beside "cpu.weight=10000@$gold" "cpu.weight=100@$vm_a" "cpu.weight=100@$vm_b" "cpu.weight=100@$vm_c"
hold_beside host.vm_weight=10000@host

# count_late: adds to $bursts and $late what the next seconds bring, to $spun what the control ran.
count_late() {
	bursts_before=$(grep -c '^burst' "$scratch/bursts")
	spun=$((spun - $(run_nsec "$vm_a") - $(run_nsec "$vm_b") - $(run_nsec "$vm_c")))
	sleep "$seconds"
	spun=$((spun + $(run_nsec "$vm_a") + $(run_nsec "$vm_b") + $(run_nsec "$vm_c")))
	grep '^burst' "$scratch/bursts" | tail -n "+$((bursts_before + 1))" >"$scratch/new"
	bursts=$((bursts + $(wc -l <"$scratch/new")))
	late=$((late + $(awk '$4 - $5 >= 1000000' "$scratch/new" | wc -l)))
}

with_bursts=0 with_late=0 with_spun=0 without_bursts=0 without_late=0 without_spun=0 round=0
while [ "$round" -lt "$rounds" ]; do
	bursts=$without_bursts late=$without_late spun=$without_spun
	count_late
	without_bursts=$bursts without_late=$late without_spun=$spun
	hold "cpu.slice=100us@$gold"
	bursts=$with_bursts late=$with_late spun=$with_spun
	count_late
	let_go
	with_bursts=$bursts with_late=$late with_spun=$spun
	round=$((round + 1))
done
# Another truced may be at work here, and hold these guests to its own policy.
echo read >&7
has_read() {
	[ "$(grep -c '^ready' "$scratch/turn.1")" -ge 2 ]
}
poll_until 60 has_read || fail "the weights are not read: $(cat "$scratch/turn.1")"
tail -n 5 "$scratch/turn.1" >"$scratch/weights"
end_beside
if ! grep -q "^reads $gold cpu.weight 10000 " "$scratch/weights" ||
	[ "$(grep -c '^reads .* cpu.weight 100 ' "$scratch/weights")" -ne 3 ]; then
	skip "somebody else turned the weights of these guests meanwhile: $(cat "$scratch/weights")"
fi

echo "late without: $without_late of $without_bursts; with a slice of 0.1 ms: $with_late of $with_bursts;" \
	"the control ran $((without_spun / 1000000)) and $((with_spun / 1000000)) ms"
[ "$with_bursts" -ge 100 ] || fail "too few bursts to compare"
# On kernels whose preemption is finer there is nothing to mend.
[ "$without_bursts" -ge 100 ] || fail "too few bursts to compare"
[ "$((without_late * 50))" -ge "$without_bursts" ] ||
	skip "fewer than a fiftieth of the bursts is late here even without it"
[ "$((with_late * without_bursts * 2))" -le "$((without_late * with_bursts))" ] ||
	fail "not half as many are late with it"
awk -v a="$with_spun" -v b="$without_spun" 'BEGIN { exit !(a > 0.85 * b && b > 0.85 * a) }' ||
	fail "the control ran $without_spun ns without it and $with_spun with it"
