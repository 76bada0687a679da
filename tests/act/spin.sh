# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pairs of guests that spin on one core, and what a knob does to their CPU time; sourced after
# claims/lib.sh by claims and benchmarks:  . "$SOURCE_ROOT/tests/act/spin.sh"
# $vm_a and $vm_b are the pair's processes; the second is the control.

turn="$BUILD_ROOT/tests/act/turn"
export TRUCE_RUN_DIR="$scratch/run"
mkdir -p "$TRUCE_RUN_DIR"
# Not the cgroup of a truced that may be at work here.
export TURN_CGROUP="truce-claim-$$"
# The last core: the first serves most interrupts.
core=$(($(nproc) - 1))
spin_pids=
spin_count=0

# spin COMMAND...: one guest, started through COMMAND ("setsid": in a session of its own; "env").
# Its process in $vm.
spin() {
	spin_count=$((spin_count + 1))
	spin_out="$scratch/spin.$spin_count"
	background "$@" taskset -c "$core" "$TINY_VMM" run --vms 1 --spin spin >"$spin_out" 2>&1
	poll_until 60 grep -q '^ready' "$spin_out" || fail "no guest: $(cat "$spin_out")"
	spin_pids="$spin_pids $pid"
	vm=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
}

spin_pair() {
	spin "$@"
	vm_a=$vm
	spin "$@"
	vm_b=$vm
}

end_pair() {
	for end_pid in $spin_pids; do
		kill "$end_pid"
		wait "$end_pid" 2>/dev/null
	done
	spin_pids=
}

# run_nsec PID: CPU time of all its threads.
run_nsec() {
	cat "/proc/$1/task"/*/schedstat 2>/dev/null | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

# measure SECONDS [LEAST MOST]: CPU time of both in $ran_a and $ran_b, nanoseconds, and how long it
# was. Of a ratio that is to be between LEAST and MOST it takes a third of the time, or two, where that
# shows it in the middle half of what may be: only who is near a bound needs all of it.
measure() {
	measure_a=$(run_nsec "$vm_a")
	measure_b=$(run_nsec "$vm_b")
	measure_began=$(date +%s%N)
	for measure_third in 1 2 3; do
		sleep "$(awk -v all="$1" 'BEGIN { print all / 3 }')"
		measured_nsec=$(($(date +%s%N) - measure_began))
		ran_a=$(($(run_nsec "$vm_a") - measure_a))
		ran_b=$(($(run_nsec "$vm_b") - measure_b))
		[ $# -lt 3 ] || ! is_well_between "$2" "$3" || break
	done
}

# is_well_between LEAST MOST: nothing is less than 0.
is_well_between() {
	awk -v a="$ran_a" -v b="$ran_b" -v least="$1" -v most="$2" 'BEGIN {
		r = a / (b > 0 ? b : 1)
		edge = (most - least) / 4
		exit !((least == 0 || r >= least + edge) && r <= most - edge) }'
}

# hold ITEM...: turns these knobs (turn.c), and keeps them until let_go. What came of it is in
# $scratch/turn.
hold() {
	rm -f "$scratch/hold"
	mkfifo "$scratch/hold"
	"$turn" "$@" <"$scratch/hold" >"$scratch/turn" 2>"$scratch/turn.err" &
	turn_pid=$!
	exec 9>"$scratch/hold"
	poll_until 90 grep -q '^ready' "$scratch/turn" ||
		fail "'$*' is not turned: $(cat "$scratch/turn" "$scratch/turn.err")"
}

# let_go: all of it was applied and is given back.
let_go() {
	exec 9>&-
	wait "$turn_pid" || fail "$(cat "$scratch/turn" "$scratch/turn.err")"
	grep -q '^left 0 0$' "$scratch/turn" || fail "leases are left: $(cat "$scratch/turn")"
}

# where SETTING PID: what arbitrates, as the outcome says.
where() {
	sed -n "s/^outcome $2 $1 applied [^(]*(\\(.*\\)) *\$/\\1/p" "$scratch/turn"
}

# expect_ratio WHAT LEAST MOST: of $ran_a to $ran_b. A box that is emulated on a busy machine stands
# still for a while now and then, which falls on one of the two: it says SPIN_SLACK.
expect_ratio() {
	awk -v a="$ran_a" -v b="$ran_b" -v least="$2" -v most="$3" -v slack="${SPIN_SLACK:-1}" \
		'BEGIN { r = a / (b > 0 ? b : 1); exit !(r >= least / slack && r <= most * slack) }' ||
		fail "$1: CPU time $ran_a to $ran_b ns is not between $2 and $3"
	echo "$1: $(awk -v a="$ran_a" -v b="$ran_b" 'BEGIN { printf "%.3f", a / b }')"
}

# expect_part WHAT LEAST MOST: of one CPU, the first guest's.
expect_part() {
	awk -v a="$ran_a" -v t="$measured_nsec" -v least="$2" -v most="$3" \
		-v slack="${SPIN_SLACK:-1}" 'BEGIN { r = a / t; s = slack * slack
			exit !(r >= least / s && r <= most * s) }' ||
		fail "$1: $ran_a of $measured_nsec ns is not between $2 and $3 of a CPU"
	echo "$1: $(awk -v a="$ran_a" -v t="$measured_nsec" 'BEGIN { printf "%.3f", a / t }') CPUs"
}
