#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# 300 VMs with births and deaths as fast as they go: within a second of the end the list is what a
# walk over the descriptors of all processes finds, with the vCPU threads that the VMs' own log
# names, and nothing is left open of a VM that died. TRUCE_CHURN_SECONDS says for how long.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/bench/follow.sh
. "$SOURCE_ROOT/tests/bench/follow.sh"

seconds=${TRUCE_CHURN_SECONDS:-10}

need_root
need_kvm

# What is listed and dead, and what is there and not listed. Others may have VMs here too.
difference() {
	vm_processes | sort >"$scratch/there"
	awk '$1 == "vm" { print $2 }' "$scratch/list" | sort -u >"$scratch/listed"
	comm -23 "$scratch/there" "$scratch/listed" | sed 's/$/ is not listed/'
	while read -r vm; do
		[ -d "/proc/$vm" ] || echo "$vm is listed and dead"
	done <"$scratch/listed"
}

list_is_right() {
	follow_ask
	difference >"$scratch/difference"
	[ ! -s "$scratch/difference" ]
}

# From the last birth or death in the log to the last change of the list for its VMs.
late_ms() {
	awk 'FNR == NR && $1 == "vm" { ours[$2] = 1; if ($4 > end) end = $4 }
		FNR == NR && $1 == "gone" { if ($4 > end) end = $4 }
		FNR == NR { next }
		($1 == "created" || $1 == "destroyed") && $3 in ours { if ($2 > last) last = $2 }
		END { printf "%d\n", (last - end) / 1e6 }' "$scratch/log" "$scratch/followed"
}

# In the list as in the log: "PID INDEX:TID INDEX:TID", of the VMs that are there until the end.
threads_are_right() {
	follow_ask
	awk '$1 == "settled" { print $2 }' "$scratch/log" | sort >"$scratch/settled"
	awk '$1 == "vm" { $1 = ""; sub(/^ /, ""); sub(/ [0-9]+ /, " "); print }' "$scratch/list" |
		sort | join - "$scratch/settled" >"$scratch/threads-listed"
	awk '$1 == "vm" { vcpus[$2] = "" } $1 == "vcpu" { vcpus[$2] = vcpus[$2] " " $3 ":" $4 }
		END { for (pid in vcpus) print pid vcpus[pid] }' "$scratch/log" | sort |
		join - "$scratch/settled" >"$scratch/threads-logged"
	cmp -s "$scratch/threads-listed" "$scratch/threads-logged"
}

# Files of processes that are not listed, and handles of processes that have ended.
left_open() {
	for fd in /proc/"$follow_pid"/fd/*; do
		case $(readlink "$fd") in
		"/proc/$follow_pid/"*) ;;
		/proc/[0-9]*/*) readlink "$fd" | cut -d / -f 3 ;;
		'anon_inode:[pidfd]') awk '$1 == "Pid:" && $2 < 1 { print "ended" }' \
			"/proc/$follow_pid/fdinfo/${fd##*/}" ;;
		esac
	done 2>/dev/null | sort -u | comm -23 - "$scratch/listed" | grep .
}

nothing_is_left_open() {
	follow_ask
	difference >/dev/null
	! left_open >"$scratch/left"
}

descriptors() {
	find /proc/"$follow_pid"/fd -type l | wc -l
}

# The VMs are in a session of their own, as they are on a host: births run at the highest priority,
# and would share the observer's part of the processors else (sched_autogroup).
follow_start
before=$(descriptors)
background setsid "$TINY_VMM" churn --vms 300 --vcpus 2 --spin 0.1 --for "$seconds" --keep \
	--log "$scratch/log" >"$scratch/churn"
churn_pid=$pid
poll_until $((seconds + 60)) grep -q '^settled' "$scratch/churn" || fail "the churn did not end"
poll_until 10 list_is_right || fail "the list stays wrong: $(head -n 5 "$scratch/difference")"
late=$(late_ms)
read -r ran waited _ <"/proc/$follow_pid/schedstat"
cat "$scratch/churn"
echo "the list was right $late ms after the last birth or death; the observer ran for" \
	"$((ran / 1000000)) ms and waited for a CPU for $((waited / 1000000)) ms"
[ "$late" -le 1000 ] || fail "the list was right $late ms after the end, and not within 1000"
poll_until 10 threads_are_right || {
	diff "$scratch/threads-logged" "$scratch/threads-listed" | head -n 10 >&2
	fail "vCPU threads are not those of the log"
}
poll_until 5 nothing_is_left_open || fail "left open: $(cat "$scratch/left")"

kill -TERM "$churn_pid"
wait "$churn_pid"
nobody_is_left() {
	follow_ask
	awk '$1 == "vm" { print $2 }' "$scratch/list" | sort -u | join - "$scratch/settled" |
		grep . && return 1
	return 0
}
poll_until 5 nobody_is_left >/dev/null || fail "VMs are listed that are dead"
poll_until 5 nothing_is_left_open || fail "left open: $(cat "$scratch/left")"
echo "$before descriptors before, $(descriptors) after; births listed: $(grep -c '^created' \
	"$scratch/followed") of $(grep -c '^vm' "$scratch/log") (and those of others);" \
	"KVM's events were lost $(grep -c '^lost' "$scratch/followed") times"
follow_end
