#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Adjusters of 20 VMs are killed 200 times, at random moments: while they turn knobs, open the
# journal, take over from one that was killed before; some of those who give back are killed as
# well. After each, the journal gives all back: every thread's nice and CPUs, every cgroup and its
# knobs are what they were.
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
export TRUCE_RUN_DIR="$scratch/run"
mkfifo "$scratch/until"

# VMs where KVM makes some, else processes of as many threads.
all_there() {
	[ "$(wc -l <"$scratch/pids")" -eq 20 ]
}

tiny_pids() {
	pgrep -x "killed$$-[0-9]+" >"$scratch/pids"
	all_there
}

if [ -w /dev/kvm ] && [ -x "${TINY_VMM:-}" ]; then
	background "$TINY_VMM" run --vms 20 --name "killed$$"
	poll_until 30 tiny_pids || fail "there are no 20 VMs"
	what="VMs"
else
	: >"$scratch/pids"
	"$BUILD_ROOT/tests/act/adjuster" vms 20 <"$scratch/until" >"$scratch/pids" &
	exec 9>"$scratch/until"
	poll_until 30 all_there || fail "there are no 20 processes"
	what="processes"
fi

# shellcheck disable=SC2046
"$BUILD_ROOT/tests/act/adjuster" kills 200 $(cat "$scratch/pids") >"$scratch/out" 2>"$scratch/err"
status=$?
[ $status -ne 77 ] || skip "$(cat "$scratch/out")"
[ $status -eq 0 ] || fail "$(cat "$scratch/err")"
[ ! -e "$TRUCE_RUN_DIR/journal.damaged" ] || fail "a journal was damaged"
expect_match "what was done" '^200 kills in ' "$(cat "$scratch/out")"
echo "20 $what, $(cat "$scratch/out")"
