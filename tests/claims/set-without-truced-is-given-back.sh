#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where no truced runs, truce set --keep turns knobs under the journal, and truce undo turns them back.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
export TRUCE_RUN_DIR="$scratch/run" TRUCE_STATE_DIR="$scratch/state"
mkdir "$scratch/run"
background "$TINY_VMM" run --vms 1 --spin idle --name byhand >"$scratch/vmm"
poll_until 20 grep -q '^ready' "$scratch/vmm" || fail "no VM"
vm=tiny_vmm-byhand-0
listed() { "$TRUCE" list --over 0 --no-header --columns weight,where,quota,cgroup "$vm" 2>/dev/null; }
poll_until 20 listed >/dev/null || fail "the VM is not listed"
at_exit '"$TRUCE" undo all >/dev/null 2>&1'
was=$(listed)

# Nobody would give it back after an hour.
expect_exit 1 "$TRUCE" set "$vm" cpu.weight=400
expect_match "the sentence" 'truced is not running.*--keep' "$(cat "$scratch/err")"
# Nothing is turned to say what would be.
expect_exit 0 "$TRUCE" set -n "$vm" cpu.shares=400 cpu.limit=0.5CPUs
expect_match "the plan" '^set .* cpu.weight .* for cpu.shares by set' "$(cat "$scratch/out")"
expect_equal "after a dry run" "$was" "$(listed)"
expect_equal "the journal after a dry run" "" "$(ls "$scratch/run")"

expect_exit 0 "$TRUCE" set "$vm" cpu.shares=400 cpu.quota=50% --keep
expect_match "the weight" 'cpu.weight .*400, applied at ' "$(cat "$scratch/out")"
expect_match "the quota" 'cpu.quota .*0.5 CPUs, applied at ' "$(cat "$scratch/out")"
listed | grep -q ' 50\.0 ' || fail "no quota is in force: $(listed)"

expect_exit 0 "$TRUCE" undo -n all
expect_equal "what would be given back" 2 "$(grep -c "^$vm: cpu\.\(weight 400\|quota 0.5 CPUs\)$" "$scratch/out")"
listed | grep -q ' 50\.0 ' || fail "a dry run gave the quota back"

expect_exit 0 "$TRUCE" undo "$vm" cpu.quota
expect_equal "one of them" "$vm: cpu.quota 0.5 CPUs -> max, restored" "$(cat "$scratch/out")"
listed | grep -q ' 50\.0 ' && fail "the quota is still there"
expect_exit 1 "$TRUCE" undo "$vm" cpu.shares
expect_match "an intent" 'is an intent.*undo -n' "$(cat "$scratch/err")"
expect_exit 0 "$TRUCE" undo all
expect_match "the rest" "^$vm: cpu.weight 400 -> .*restored" "$(cat "$scratch/out")"
expect_equal "all as it was" "$was" "$(listed)"
expect_exit 0 "$TRUCE" undo all
expect_match "once more" "^nothing was set; paused: truce resume" "$(cat "$scratch/out")"
expect_match "the mark" '"paused":true' "$(cat "$TRUCE_STATE_DIR/hand.json")"
expect_exit 0 "$TRUCE" resume
expect_match "no mark" '"paused":false' "$(cat "$TRUCE_STATE_DIR/hand.json")"
pid=$("$TRUCE" list --over 0 --no-header --columns pid "$vm" 2>/dev/null)
expect_equal "cgroups left behind" "" "$(find /sys/fs/cgroup -type d -path "*/truce/vm-${pid##* }-*" 2>/dev/null)"
