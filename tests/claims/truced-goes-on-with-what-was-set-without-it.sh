#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What truce set --keep sets where no truced runs, a truced that starts later holds, before every
# policy; what truce undo gave back there stays given back until truce resume, and truced says so.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce' 'interval = 200ms'
policy both 200
vm_start 2
held=tiny_vmm-$vms-0
pid_of() { "$TRUCE" list --over 0 --no-header --columns pid "$1" 2>/dev/null | tr -d ' '; }
first=$(pid_of "$held")
other=$(echo "$vm_pids" | grep -v "^$first\$")
[ -n "$first" ] || fail "the VM is not listed"
[ -n "$other" ] || fail "both VMs are of one process"
weighs() { [ "$(weight "$1")" = "$2" ]; }

expect_exit 0 "$TRUCE" set "$held" cpu.shares=400 cpu.quota=50% --keep
weighs "$first" 400 || fail "by hand: $(weight "$first")"
truced_start
expect_match "the holds" '"holds":2[,}]' "$(ask '{"do":"status"}')"
poll_until 30 weighs "$other" 200 || fail "the policy gave the other VM $(weight "$other")"
weighs "$first" 400 || fail "a truced that started made it $(weight "$first")"
"$TRUCE" explain "$held" >"$scratch/out"
expect_match "who holds it" 'cpu.shares 400' "$(cat "$scratch/out")"

# By one's own hand it is let go of, and the policy has it.
expect_exit 0 "$TRUCE" set --release "$held" cpu.shares
poll_until 30 weighs "$first" 200 || fail "let go of, it weighs $(weight "$first")"
truced_end TERM

# Without truced one knob is given back, with the intent that comes to it; the next truced keeps to it.
expect_exit 0 "$TRUCE" set "$held" cpu.limit=0.75CPUs cpu.shares=400 --keep
expect_exit 0 "$TRUCE" undo "$held" cpu.quota
expect_match "one is left" '"setting":"cpu.shares"' "$(cat "$TRUCE_STATE_DIR/hand.json")"
grep -Eq 'cpu.(limit|quota)' "$TRUCE_STATE_DIR/hand.json" && fail "what was given back is still held"
expect_exit 0 "$TRUCE" undo all
grep -q '"setting"' "$TRUCE_STATE_DIR/hand.json" && fail "after undo all somebody holds: $(cat "$TRUCE_STATE_DIR/hand.json")"
expect_match "the pause" '^paused: truce resume' "$(cat "$scratch/out")"
truced_start
expect_match "paused" '"paused":true' "$(ask '{"do":"status"}')"
expect_match "truced says so" 'paused by truce pause or truce undo' "$(cat "$truced_log")"
at_first=$(weights)
touch "$scratch/now"
ticked() { [ "$TRUCE_RUN_DIR/truced.prom" -nt "$scratch/now" ]; }
poll_until 30 ticked || fail "truced does not tick while it is paused"
expect_equal "weights while paused" "$at_first" "$(weights)"
truced_end TERM
expect_exit 0 "$TRUCE" resume
truced_start
poll_until 30 all_weigh 200 || fail "after undo without truced, and resume: $(weights)"

# What waits for a VM that has gone is let go of by undo all, too.
expect_exit 0 "$TRUCE" set "$held" cpu.shares=300 --keep
poll_until 30 weighs "$first" 300 || fail "held again, it weighs $(weight "$first")"
kill "$vmm_pid"
gone() { ask '{"do":"status"}' | grep -q '"vms":0\b' || ! ask '{"do":"vms"}' | grep -q "$held"; }
poll_until 30 gone || fail "the VM does not go"
expect_match "it waits" '"holds":1[,}]' "$(ask '{"do":"status"}')"
expect_exit 0 "$TRUCE" undo host
expect_match "it waits on" '"holds":1[,}]' "$(ask '{"do":"status"}')"
expect_exit 0 "$TRUCE" undo all
expect_match "nobody holds" '"holds":0[,}]' "$(ask '{"do":"status"}')"
