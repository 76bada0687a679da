#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Five VMs of two vCPUs in one process are five in the list, each with the vCPU threads that the VMs'
# own log names. Without KVM's directory in debugfs nothing tells whose a vCPU is when they were made
# in turns: the five are listed all the same, and no thread is said to be another VM's.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# Which vCPU belongs to which VM of a process, and to which thread, only KVM's directory says for sure.
[ -d /sys/kernel/debug/kvm ] || skip "debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug"
# shellcheck source=tests/bench/follow.sh
. "$SOURCE_ROOT/tests/bench/follow.sh"

need_root
need_kvm
need_program unshare util-linux

background "$TINY_VMM" run --vms 5 --vcpus 2 --spin 0.4 --one-process --log "$scratch/log" \
	>"$scratch/vms"
poll_until 30 grep -q '^ready' "$scratch/vms" || fail "the VMs were not there within 30 s"
process=$(awk '$1 == "vm" { print $2; exit }' "$scratch/log")

# A line for each VM, in the order of their births: its vCPUs as INDEX:TID.
awk '$1 == "vm" { n++ } $1 == "vcpu" { vm[n] = vm[n] " " $3 ":" $4 }
	END { for (i = 1; i <= n; i++) print i - 1 vm[i] }' "$scratch/log" >"$scratch/logged"

listed() {
	follow_ask
	awk -v pid="$process" '$1 == "vm" && $2 == pid { sub(/^vm [0-9]+ /, ""); print }' \
		"$scratch/list" >"$scratch/listed"
}

listed_as_logged() {
	listed
	cmp -s "$scratch/logged" "$scratch/listed"
}

# Only where a thread is named at all must it be the log's.
listed_without_lies() {
	listed
	awk 'FNR == NR { for (i = 2; i <= NF; i++) right[$1 " " $i] = 1; next }
		{ vms++; for (i = 2; i <= NF; i++) if ($i !~ /:0$/ && !(($1 " " $i) in right)) exit 1 }
		END { exit vms != 5 }' "$scratch/logged" "$scratch/listed"
}

# check WHAT CONDITION [COMMAND...]
check() {
	what=$1
	condition=$2
	shift 2
	follow_start "$@"
	poll_until 5 "$condition" || {
		diff "$scratch/logged" "$scratch/listed" >&2
		fail "$what: the list (>) is not the log (<)"
	}
	follow_end
}

check "with debugfs" listed_as_logged
check "without debugfs" listed_without_lies unshare --mount --propagation private sh -c \
	'umount -l /sys/kernel/debug 2>/dev/null; exec "$@"' sh
