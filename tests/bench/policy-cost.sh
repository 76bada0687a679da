#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A tick of truced under gold-first with 500 real VMs, and what the policy's process takes of it,
# against the floor: the same hot files by nothing but pread. One VM in ten is gold. First all halt;
# then half of them spin, gold is denied the CPU, and the policy has come to its end: 450 VMs run
# only when nobody else wants to; then half of the VMs live in one process. The bars: a hot tick (one
# less the cold figures that are in it) at most 2 times the floor, both processes together at most 40 MB.
# TRUCE_TICKS says how many ticks are measured, TRUCE_VMS how many VMs there are.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

ticks=${TRUCE_TICKS:-40}
count=${TRUCE_VMS:-500}

# Nothing has been changed for so long that the effects of all changes are told, too (30 s each).
is_settled() {
	changes=$(ask '{"do":"status"}' | sed 's/.*"counts":{\([^}]*\)}.*/\1/')
	[ "$changes" = "${changes_before:-}" ] && [ $(($(date +%s) - changed_at)) -ge 40 ] && return
	[ "$changes" = "${changes_before:-}" ] || changed_at=$(date +%s)
	changes_before=$changes
	return 1
}

# measure WHAT SECONDS [bars]: truced over the VMs that are there.
measure() {
	rm -rf "$TRUCE_STATE_DIR" "$TRUCE_RUN_DIR"
	truced_start
	changed_at=$(date +%s)
	poll_until "$2" is_settled || echo "  note: truced still turns knobs: ${changes:-}"
	for try in 1 2 3; do
		status=0
		"$BENCH_DIR/policy_cost" "$ticks" "$truced_pid" "$TRUCE_RUN_DIR/control.sock" \
			2>"$scratch/err" >"$scratch/row" || status=$?
		[ $status -eq 3 ] || break
		echo "(a VM came or went, try $try is not counted: $(cat "$scratch/err"))"
	done
	sed 's/^policy_cost: /  note: /' "$scratch/err"
	[ $status -eq 0 ] || fail "policy_cost ended with $status"
	echo "$1: $(ask '{"do":"status"}' | sed 's/.*"own":{\([^}]*\)}.*/its own figures: \1/; s/"//g')"
	cat "$scratch/row"
	truced_end TERM
	"$TRUCED" --restore >/dev/null 2>&1 || fail "not all was given back"
	end_all
}

truced_conf '[truced]' 'mode = enforce' 'budget = 0%' '[limits]' 'changes-per-minute = 1000000'
# For these VMs alone: others on this machine are not ours to hold back.
sed "s/name = \"\*gold\*\", metadata = \"gold\"/name = \"*$vms-gold*\"/; s/any = true/name = \"*$vms-*\"/" \
	"$SOURCE_ROOT/policies/gold-first.lua" >"$TRUCE_CONF_DIR/policies.d/gold-first.lua"
[ "$(grep -c "$vms-" "$TRUCE_CONF_DIR/policies.d/gold-first.lua")" -eq 2 ] ||
	fail "gold-first has other classes than this benchmark knows"

# fleets GOLD-OPTIONS -- BRONZE-OPTIONS: two fleets, of which end_all knows.
fleets() {
	# shellcheck disable=SC2086
	fleet --vms $((count / 10)) --name "$vms-gold" $1
	qemu_pids="${qemu_pids:-} $fleet_pid"
	# shellcheck disable=SC2086
	fleet --vms $((count - count / 10)) --name "$vms-bronze" $2
}

bench_head "A tick of truced under gold-first and its floor, microseconds of CPU (bars: ratio 2.00, 40 MB)"
echo "   VMs  files    floor   truced    child     both     cold  ratio     mean  ratio  dearest     MB  child   both"
fleets "" ""
measure "all halt" 120
fleets "--spin 0.5" "--spin 0.5"
measure "half of them spin" 180
fleets "--spin 0.5" "--spin 0.5 --one-process"
measure "half of them spin, bronze all in one process" 180
echo
echo "load $(cut -d ' ' -f 1 /proc/loadavg) at the end"
