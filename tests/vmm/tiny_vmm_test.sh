#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tiny_vmm makes the VMs that it says, /proc shows them, and it leaves nothing behind.
# Usage: tiny_vmm_test.sh PATH_OF_TINY_VMM
# shellcheck disable=SC2013,SC2086 # lists of process ids are meant to be split
set -u

tiny_vmm=$1
program=$(readlink -f "$tiny_vmm")
work=$(mktemp -d)
started=
trap 'test -z "$started" || kill -KILL $started 2>/dev/null; rm -rf "$work"' EXIT

fail() {
	echo "FAIL: $*"
	cat "$work"/*.err 2>/dev/null
	exit 1
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		test "$tries" -gt 0 || return 1
		sleep 0.05
	done
}

# start NAME ARGUMENT...: output, errors and log of it are NAME.out, NAME.err, NAME.log.
start() {
	name=$1
	shift
	"$tiny_vmm" "$@" --log "$work/$name.log" >"$work/$name.out" 2>"$work/$name.err" &
	started=$!
}

# stop SIGNAL: sends it and expects a good end.
stop() {
	kill -"$1" "$started"
	wait "$started"
	status=$?
	started=
	test "$status" -eq 0 || fail "it ended with $status after SIG$1"
}

says() {
	grep -q "$2" "$work/$1.out"
}

# The processes that a log has born and that still run. A zombie has no exe, and an id that
# somebody else has by now leads to another one.
alive_by_log() {
	for pid in $(awk '$1 == "vm" { print $2 }' "$work/$1.log" | sort -u); do
		test "$(readlink "/proc/$pid/exe")" = "$program" && echo "$pid"
	done
}

nobody_alive() {
	grep -q '^vm ' "$work/$1.log" && test -z "$(alive_by_log "$1")"
}

# count_links LINK PID...: descriptors of these processes that are such links.
count_links() {
	link=$1
	shift
	for pid in "$@"; do
		ls -l "/proc/$pid/fd" 2>/dev/null
	done | grep -c -- "-> $link\$"
}

expect() {
	test "$2" = "$3" || fail "$1: expected '$2', found '$3'"
}

five_vms_are_there_and_gone_after_sigterm() {
	start five run --vms 5 --vcpus 2 --name five --thread-names qemu
	wait_for 20 says five '^ready 5 VMs$' || fail "five VMs were not ready within 20 s"
	pids=$(alive_by_log five)
	expect "processes" 5 "$(echo "$pids" | wc -l)"
	expect "VM descriptors" 5 "$(count_links anon_inode:kvm-vm $pids)"
	expect "vCPU descriptors" 10 "$(count_links 'anon_inode:kvm-vcpu:[01]' $pids)"
	expect "descriptors in the parent" 0 "$(count_links 'anon_inode:kvm.*' "$started")"
	expect "command lines" "tiny_vmm-five-0 tiny_vmm-five-4" \
		"$(for pid in $pids; do tr -d '\0' <"/proc/$pid/cmdline"; echo; done |
			sort | sed -n '1p;$p' | paste -sd ' ')"
	awk '$1 == "vcpu" { print $2, $3, $4 }' "$work/five.log" >"$work/vcpus"
	expect "vcpu lines" 10 "$(wc -l <"$work/vcpus")"
	while read -r pid index tid; do
		expect "name of thread $tid" "CPU $index/KVM" "$(cat "/proc/$pid/task/$tid/comm")"
	done <"$work/vcpus"
	stop TERM
	nobody_alive five || fail "VM processes outlive SIGTERM"
	expect "gone lines" 5 "$(grep -c '^gone ' "$work/five.log")"
}

one_process_holds_several_vms() {
	start one run --vms 5 --vcpus 2 --one-process --spin 0.4
	wait_for 20 says one '^ready 5 VMs$' || fail "one process was not ready within 20 s"
	pids=$(alive_by_log one)
	expect "processes" 1 "$(echo "$pids" | wc -l)"
	expect "VM descriptors" 5 "$(count_links anon_inode:kvm-vm $pids)"
	expect "vCPU descriptors" 10 "$(count_links 'anon_inode:kvm-vcpu:[01]' $pids)"
	stop INT
	nobody_alive one || fail "the VM process outlives SIGINT"
}

nobody_outlives_sigkill() {
	start killed run --vms 3
	wait_for 20 says killed '^ready 3 VMs$' || fail "three VMs were not ready within 20 s"
	kill -KILL "$started"
	wait "$started" 2>/dev/null
	started=
	wait_for 10 nobody_alive killed || fail "VM processes outlive SIGKILL of their parent"
}

closing_stdin_ends_it() {
	mkfifo "$work/stdin"
	"$tiny_vmm" run --vms 1 --log "$work/fifo.log" <"$work/stdin" >"$work/fifo.out" &
	started=$!
	exec 9>"$work/stdin"
	wait_for 20 says fifo '^ready 1 VMs$' || fail "one VM was not ready within 20 s"
	exec 9>&-
	wait "$started" || fail "the end of stdin was no good end"
	started=
	nobody_alive fifo || fail "the VM process outlives the end of stdin"
}

churn_reports_a_rate() {
	start churn churn --vms 10 --for 2 --keep
	wait_for 30 says churn '^settled ' || fail "churn did not settle within 30 s"
	says churn '^births [1-9][0-9]* deaths [1-9][0-9]* seconds [0-9.]* rate [1-9][0-9.]*/s$' ||
		fail "churn reported: $(cat "$work/churn.out")"
	settled=$(awk '$1 == "settled" { print $2 }' "$work/churn.log" | sort -n)
	expect "settled and alive" "$settled" "$(alive_by_log churn | sort -n)"
	expect "settled VMs" 10 "$(echo "$settled" | wc -l)"
	says churn '^settled 10 VMs$' || fail "it says: $(cat "$work/churn.out")"
	expect "VM descriptors" 10 "$(count_links anon_inode:kvm-vm $settled)"
	cat "$work/churn.out"
	stop TERM
	nobody_alive churn || fail "VM processes outlive a churn"
}

births_log_each_vm_and_vcpu() {
	start births births --count 6 --vcpus 2 --gap-ms 5 --hold-ms 50
	wait "$started" || fail "births failed"
	started=
	expect "vm lines" 6 "$(grep -c '^vm [0-9]* [0-9]* [0-9]*$' "$work/births.log")"
	expect "vcpu lines" 12 "$(grep -Ec '^vcpu( [0-9]+){5}$' "$work/births.log")"
	nobody_alive births || fail "VM processes outlive their hold"
}

# The work was measured in CPU time, so it takes as much whatever else runs.
bursts_take_the_cpu_time_asked_for() {
	start burst run --burst-ms 2:10 --for 1.5
	wait "$started" || fail "run with bursts failed"
	started=
	awk '$1 == "burst" && NF == 5 { count++; cpu += $5; if ($4 < $5) shorter++ }
		END { mean = cpu / (count + !count) / 1e6
		      printf "%d bursts of %.2f ms of CPU time\n", count, mean
		      exit !(count >= 20 && mean > 1 && mean < 4 && shorter == 0) }' "$work/burst.log" ||
		fail "bursts are not as asked for"
}

wrong_use_is_refused() {
	for arguments in "" "walk" "run --vms 0" "run --vms 501" "run --spin 2" "run --log" \
		"run --keep" "run --burst-ms 10:2" "churn --lifetime-ms 5:1" "run --memory-kb 9"; do
		"$tiny_vmm" $arguments >/dev/null 2>"$work/wrong.err"
		expect "status of 'tiny_vmm $arguments'" 2 $?
		expect "lines about 'tiny_vmm $arguments'" 1 "$(wc -l <"$work/wrong.err")"
	done
}

wrong_use_is_refused
"$tiny_vmm" run --vms 1 --for 0.01 >/dev/null 2>"$work/first.err"
status=$?
if test "$status" -eq 77; then
	cat "$work/first.err"
	exit 77
fi
expect "status of one VM" 0 "$status"
five_vms_are_there_and_gone_after_sigterm
one_process_holds_several_vms
nobody_outlives_sigkill
closing_stdin_ends_it
churn_reports_a_rate
births_log_each_vm_and_vcpu
bursts_take_the_cpu_time_asked_for
echo "ok"
