#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# KSM's knobs are turned for as long as somebody wants it: memory that is alike merges while they are,
# the kernel has its own values again afterwards, and who tunes KSM already is left alone.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

need_root
[ -x "$TURN" ] || skip "needs the program that turns knobs, which was not built"
need_ksm_for_oneself

values() {
	cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs"
}

before=$(values)
before_pages=$(cat "$ksm/pages_to_scan")
# shellcheck disable=SC2016
at_exit 'echo "$before_pages" >"$ksm/pages_to_scan"'
# What is merged once stays merged when KSM stops: ksmd is counted by what it looks at.
scanned() { cat "$ksm/pages_scanned" 2>/dev/null || cat "$ksm/full_scans"; }
qemu_is_there() { command -v qemu-system-x86_64 >/dev/null; }
qemu_is_there || skip "needs qemu-system-x86 for memory that may be merged"
background qemu-system-x86_64 -nodefaults -no-user-config -display none -S -m 64

turn "ksm.run=1@host" "ksm.pages_to_scan=2000@host" "ksm.sleep_millisecs=10@host"
expect_equal "the kernel's values while turned" "1
2000
10" "$(values)"
at_first=$(scanned)
is_scanning() { [ "$(scanned)" -gt "$at_first" ]; }
poll_until 30 is_scanning || fail "ksmd looks at nothing while its knobs are turned"

# Somebody else's hand is told, not fought (that is for policies to decide), and what it set stays.
echo 777 >"$ksm/pages_to_scan"
drift_is_told() {
	echo read >&7
	grep -q '^outcome 0 ksm.pages_to_scan drift 777' "$scratch/turn.out"
}
poll_until 30 drift_is_told || fail "nobody tells of the drift: $(cat "$scratch/turn.out")"
turn_back
expect_equal "what somebody else set, afterwards" 777 "$(cat "$ksm/pages_to_scan")"
echo "$before_pages" >"$ksm/pages_to_scan"
expect_equal "the kernel's values afterwards" "$before" "$(values)"
at_first=$(scanned)
sleep 0.5
expect_equal "what ksmd looks at when it stands still" "$at_first" "$(scanned)"

# A manager by name.
cp "$BUILD_ROOT/tests/act/hog" "$scratch/ksmtuned"
background "$scratch/ksmtuned" memory 1 >/dev/null
manager_runs() { [ "$(cat "/proc/$pid/comm")" = ksmtuned ]; }
poll_until 10 manager_runs || fail "the manager's name is $(cat "/proc/$pid/comm")"
expect_exit 1 env TRUCE_RUN_DIR="$scratch/run" "$TURN" "ksm.run=1@host" </dev/null
expect_match "the refusal" 'ksmtuned runs here and turns the KSM knobs' "$(cat "$scratch/out")"
expect_equal "the kernel's values" "$before" "$(values)"
