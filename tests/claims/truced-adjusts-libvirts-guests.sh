#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truced, with its capabilities and its list of system calls, turns weight, quota and balloon of a
# real libvirt's guests, as libvirt itself tells, and at the end gives all of it back.
. "$SOURCE_ROOT/tests/claims/lib.sh"
need_root
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
# shellcheck source=tests/act/libvirt.sh
. "$SOURCE_ROOT/tests/act/libvirt.sh"
if [ "${1:-}" != inside ]; then
	libvirt_inside "$0" inside
	inside_status=$?
	[ $inside_status -ne 3 ] || exit 77
	exit $inside_status
fi
. "$SOURCE_ROOT/tests/truced.sh"

libvirt() { virsh -q -c qemu:///system "$@"; }
# What libvirt says of the guest's CPUs, in a line.
state() {
	libvirt schedinfo "$1" --live | awk '/^(cpu_shares|global_quota)/ { printf "%s ", $3 }'
}
# told STATUS: that came of the balloon, which no guest's driver moves here: libvirt was asked.
told() {
	grep -q "\"setting\":\"memory.balloon\",\"status\":\"$1\"" "$TRUCE_STATE_DIR/adjustments.jsonl"
}

libvirt_pair
before=$(state spins-a)
truced_conf '[truced]' 'mode = enforce' 'interval = 500ms' '[limits]' 'changes-per-minute = 1000'
cat >"$TRUCE_CONF_DIR/policies.d/guests.lua" <<'POLICY'
	policy "guests"
	class "first" { name = "spins-a" }
	intent "first" { cpu = { weight = 400, quota = 0.5 * cpus }, memory = { balloon = 48 * MiB } }
POLICY
truced_start

adjusted() {
	case $(state spins-a) in
	"4096 50000 " | "400 50000 ") told applied ;;
	*) return 1 ;;
	esac
}
poll_until 45 adjusted || {
	cat "$truced_log" "$TRUCE_STATE_DIR/adjustments.jsonl" >&2
	fail "libvirt says $(state spins-a), and before it said $before"
}
expect_equal "the other guest" "$before" "$(state spins-b)"
if grep -E '"status":"(refused|late)"' "$TRUCE_STATE_DIR/adjustments.jsonl" >&2; then
	fail "libvirt was not asked as it should be"
fi

# What somebody else sets meanwhile stays at the undo of the rest.
ask '{"do":"pause","vm":"all"}' >/dev/null
libvirt schedinfo spins-a --live --set cpu_shares=777 >/dev/null || fail "virsh sets no shares"
ask '{"do":"undo","vm":"all"}' >"$scratch/undo"
left() { [ "$(state spins-a)" = "777 ${before#* }" ] && told restored; }
poll_until 30 left || fail "somebody else's 777 and the rest back: libvirt says $(state spins-a), before $before"
grep -q 'left at 777, which somebody else set' "$TRUCE_STATE_DIR/adjustments.jsonl" || fail "that is not told"
libvirt schedinfo spins-a --live --set "cpu_shares=${before%% *}" >/dev/null
ask '{"do":"resume","vm":"all"}' >/dev/null
poll_until 45 adjusted || fail "resumed: libvirt says $(state spins-a)"

ask '{"do":"undo","vm":"all"}' >"$scratch/undo"
restored() { [ "$(state spins-a)" = "$before" ] && told restored; }
poll_until 30 restored || fail "given back: libvirt says $(state spins-a), before $before"
expect_match "the undo" '"ok":true' "$(cat "$scratch/undo")"
echo "$before-> 50 % of a CPU, four times the weight, 48 MiB, and back"
