#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Of two guests that spin on one core, each CPU knob takes from one what it should, beside the
# other as a control, on whatever cgroups this host has; afterwards they are equal again, and the
# process is in the cgroup that it was in.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
[ -x "$turn" ] || skip "needs the program that turns knobs, which was not built"
seconds=${CPU_KNOBS_SECONDS:-4}
spin_pair setsid
cat "/proc/$vm_a/cgroup" >"$scratch/cgroup"

# knob LEAST MOST ITEM...: turned, measured, given back; the ratio is to be in $least to $most.
knob() {
	least=$1 most=$2
	shift 2
	hold "$@"
	measure "$seconds" "$least" "$most"
	let_go
}

# ran_on PID: the processors on which its busiest thread is found when looked at twenty times.
ran_on() {
	ran_tid=$(sed 's/ .*) / /' "/proc/$1/task"/*/stat | awk '{ print $13 + $14, $1 }' | sort -n |
		tail -n 1 | cut -d ' ' -f 2)
	for ran_look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.02
		read -r ran_stat <"/proc/$1/task/$ran_tid/stat"
		# shellcheck disable=SC2086
		set -- "$1" ${ran_stat##*) }
		echo "${38}"
		set -- "$1"
	done | sort -nu | tr '\n' ' ' | sed 's/ $//'
}

# burst_guest: works 18 ms of each 310. Its process in $vm.
burst_guest() {
	burst_log=$scratch/bursts.$((spin_count += 1))
	background setsid taskset -c "$core" "$TINY_VMM" run --burst-ms 18:310 --log "$burst_log" >"$burst_log.says"
	poll_until 60 grep -qs '^burst' "$burst_log" || fail "no guest that works in bursts"
	vm=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
}

# throttled PID: for how long its cgroup's quota has held it back, in microseconds.
throttled() {
	cgroup=$(awk -F: '$2 ~ /(^|,)cpu(,|$)/ { print "/cpu" $3; exit } $1 == 0 { print $3 }' "/proc/$1/cgroup" |
		head -n 1)
	awk '$1 == "throttled_time" { print int($2 / 1000) } $1 == "throttled_usec" { print $2 }' \
		"/sys/fs/cgroup$cgroup/cpu.stat"
}

# throttled_in SECONDS: how long either was held back meanwhile, in $held_a and $held_b.
throttled_in() {
	held_a=$(throttled "$vm_a") held_b=$(throttled "$vm_b")
	sleep "$1"
	held_a=$(($(throttled "$vm_a") - held_a)) held_b=$(($(throttled "$vm_b") - held_b))
}

measure "$seconds" 0.9 1.1
expect_ratio "before" 0.9 1.1

knob 3.6 4.4 "cpu.weight=400@$vm_a" "cpu.weight=100@$vm_b"
expect_ratio "weights 400 and 100" "$least" "$most"

knob 8.5 11.5 "cpu.weight=100@$vm_a" "cpu.weight=10@$vm_b"
expect_ratio "weights 100 and 10" "$least" "$most"

knob 2.6 3.5 "cpu.nice=0@$vm_a" "cpu.nice=5@$vm_b"
expect_ratio "nice 0 and 5 ($(where cpu.nice "$vm_b"))" "$least" "$most"

knob 0 0.05 "cpu.idle=1@$vm_a" "cpu.weight=100@$vm_b"
expect_ratio "idle beside a busy one" "$least" "$most"

# So little that a busy machine leaves it that much all the same.
hold "cpu.quota=0.05 CPUs@$vm_a" "cpu.weight=100@$vm_b"
measure "$seconds"
let_go
expect_part "a quota of a twentieth" 0.03 0.06

# Where it ran is looked at twenty times, beside the other one, which stays.
hold "cpu.affinity=0@$vm_a"
expect_equal "the CPUs of $vm_a" 0 \
	"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$vm_a/status")"
expect_equal "where the first ran, and the other" "0 and $core" "$(ran_on "$vm_a") and $(ran_on "$vm_b")"
let_go
expect_equal "the CPUs of $vm_a afterwards" "$core" \
	"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$vm_a/status")"
expect_equal "where it runs afterwards" "$core" "$(ran_on "$vm_a")"

# A partition of v2: no other process may use its CPU, this one neither. Where systemd runs, a VM
# has to have a unit of its own first, and v1 has no such thing: both are said.
"$turn" "cpu.exclusive=0@$vm_a" </dev/null >"$scratch/turn" 2>&1
if grep -q '^outcome .* cpu.exclusive applied 0 (cpuset.cpus.partition)' "$scratch/turn"; then
	# One that may run everywhere goes where nobody else is, and has to leave.
	background "$TINY_VMM" run --vms 1 --spin spin --name free >"$scratch/free"
	poll_until 60 grep -q '^ready' "$scratch/free" || fail "no guest that may run everywhere"
	free=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
	uses_first() { case $(ran_on "$free") in *0*) ;; *) return 1 ;; esac; }
	poll_until 30 uses_first || fail "the free guest never runs on CPU 0"
	hold "cpu.exclusive=0@$vm_a"
	expect_equal "the CPUs that are left to this process" "$core" \
		"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)"
	expect_equal "where the first runs, and the free one" "0 and $core" "$(ran_on "$vm_a") and $(ran_on "$free")"
	let_go
	poll_until 30 uses_first || fail "the free guest is kept from CPU 0"
	kill "$pid"
else
	expect_match "why not" 'cpu_exclusive does not keep out|no unit of its own in systemd' \
		"$(cat "$scratch/turn")"
fi

measure "$seconds" 0.9 1.1
expect_ratio "afterwards" 0.9 1.1
expect_equal "the cgroups of $vm_a" "$(cat "$scratch/cgroup")" "$(cat "/proc/$vm_a/cgroup")"

# Two that need 18 ms of each 310 and have a quota of 10 ms of each 100 are held back in each burst,
# but for the one that may save up what it left.
end_pair
burst_guest
vm_a=$vm
burst_guest
vm_b=$vm
are_held_back() { [ "$held_a" -ge $((seconds * 30000)) ] && [ "$held_b" -ge $((seconds * 30000)) ]; }
is_let_through() { [ $((held_a * 4)) -le "$held_b" ]; }
# An emulated box's own pauses count as CPU time there, and use the quota up: it is told, not judged.
[ -z "${SPIN_SLACK:-}" ] || is_let_through() { :; }

# On a busy machine others run in the middle of a burst, which then takes longer than the quota's
# period and is not held back: so it is tried again.
for burst_try in 1 2 3 4 5; do
	hold "cpu.quota=0.1 CPUs@$vm_a" "cpu.quota=0.1 CPUs@$vm_b"
	throttled_in "$seconds"
	let_go
	echo "a quota of 10 ms for bursts of 18 ms: held back for $held_a and $held_b us of $seconds s"
	are_held_back || continue
	hold "cpu.quota=0.1 CPUs@$vm_a" "cpu.burst=10 ms@$vm_a" "cpu.quota=0.1 CPUs@$vm_b"
	expect_match "the burst" "^reads $vm_a cpu.burst 10 ms " "$(cat "$scratch/turn")"
	throttled_in "$seconds"
	let_go
	echo "cpu.burst of 10 ms for the first: $held_a and $held_b us"
	! is_let_through || exit 0
done
fail "in five tries no burst let the first through: $held_a and $held_b us at last (try $burst_try)"
