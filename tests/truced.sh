# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A truced of one's own for a claim: its directories are in $scratch, its VMs have names that
# begin with $vms. Sourced after claims/lib.sh, by claims that need root and KVM.

TRUCED=$BUILD_ROOT/src/daemon/truced
export TRUCE_RUN_DIR="$scratch/run" TRUCE_STATE_DIR="$scratch/state" TRUCE_CONF_DIR="$scratch/conf"
TRUCE_LIBEXEC=$BUILD_ROOT/src/decide
export TRUCE_LIBEXEC
vms=truced$$
truced_pid=

need_root
need_kvm
[ -x "$TRUCED" ] || skip "needs truced, which was not built"
mkdir -p "$TRUCE_CONF_DIR/policies.d"

# truced_conf LINE...: truce.conf
truced_conf() {
	printf '%s\n' "$@" >"$TRUCE_CONF_DIR/truce.conf"
}

# policy NAME SHARES: what gives all our VMs these shares, into policies.d
policy() {
	cat >"$TRUCE_CONF_DIR/policies.d/$1.lua" <<-POLICY
		policy "$1"
		class "$1" { name = "*$vms-*" }
		intent "$1" { cpu = { shares = $2 } }
	POLICY
}

truced_start() {
	truced_log=$scratch/log
	setsid "$TRUCED" >>"$truced_log" 2>&1 &
	truced_pid=$!
	poll_until 60 truced_answers || fail "truced does not answer"
}

truced_answers() {
	ask '{"do":"status"}' >/dev/null 2>&1
}

# ask JSON: one request; its answer is printed. Fails when nobody answers.
ask() {
	python3 - "$TRUCE_RUN_DIR/control.sock" "$1" <<-'PYTHON'
		import socket, sys
		client = socket.socket(socket.AF_UNIX)
		client.settimeout(20)
		client.connect(sys.argv[1])
		client.sendall(sys.argv[2].encode() + b"\n")
		print(client.makefile().readline(), end="")
	PYTHON
}

# truced_end SIGNAL: and waits for its end.
truced_end() {
	[ -n "$truced_pid" ] || return 0
	kill "-$1" "$truced_pid" 2>/dev/null
	wait "$truced_pid" 2>/dev/null
	truced_pid=
}

# Whatever happened, nothing stays set.
truced_tidy() {
	truced_end TERM
	[ "$claim_status" -eq 0 ] || [ ! -s "${truced_log:-}" ] ||
		{ echo "truced said:"; tail -n 40 "$truced_log"; } >&2
	[ ! -e "$TRUCE_RUN_DIR/journal" ] || "$TRUCED" --restore >/dev/null 2>&1
}
at_exit truced_tidy

# vm_start NUMBER [OPTION...]: VMs that halt, unless told otherwise. $vm_pids are their processes,
# the one of $vms-0 first: the log has them as they came to run, which is any order.
vm_start() {
	vm_count=$1
	shift
	background setsid "$TINY_VMM" run --vms "$vm_count" --name "$vms" --log "$scratch/vms" "$@"
	vmm_pid=$pid
	poll_until 60 vms_are_there || fail "the VMs did not start"
	vm_pids=$(awk '$1 == "vm" { print $2 }' "$scratch/vms" | while read -r vm_pid; do
		echo "$(tr -d '\0' <"/proc/$vm_pid/cmdline" | sed 's/.*-//') $vm_pid"
	done | sort -n | cut -d ' ' -f 2)
}

vms_are_there() {
	[ -e "$scratch/vms" ] && [ "$(grep -c '^vcpu' "$scratch/vms")" -ge "$vm_count" ]
}

# weight PID: of its CPU cgroup, where 100 is everybody's; "none" where it has none of its own.
weight() {
	place=$(awk -F: '$2 ~ /(^|,)cpu(,|$)/ { print $3 }' "/proc/$1/cgroup" 2>/dev/null)
	if [ -n "$place" ]; then
		[ "$place" != / ] || { echo none; return; }
		echo $(($(cat "/sys/fs/cgroup/cpu$place/cpu.shares") * 100 / 1024))
	else
		place=$(awk -F: '$1 == 0 { print $3 }' "/proc/$1/cgroup")
		cat "/sys/fs/cgroup$place/cpu.weight" 2>/dev/null || echo none
	fi
}

# all_weigh WEIGHT: every VM of ours.
all_weigh() {
	for vm_pid in $vm_pids; do
		[ "$(weight "$vm_pid")" = "$1" ] || return 1
	done
}

weights() {
	for vm_pid in $vm_pids; do
		weight "$vm_pid"
	done | tr '\n' ' '
}
