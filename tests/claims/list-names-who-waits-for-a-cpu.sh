#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
need_program taskset util-linux

# Two guests that spin share the first CPU; a third one rests.
background taskset -c 0 "$TINY_VMM" run --vms 2 --spin spin --name waits >"$scratch/spinning"
background "$TINY_VMM" run --vms 1 --spin idle --name rests >"$scratch/resting"
poll_until 20 grep -q '^ready' "$scratch/spinning" || fail "no spinning VM"
poll_until 20 grep -q '^ready' "$scratch/resting" || fail "no resting VM"

list() { "$TRUCE" list --no-header "$@" >"$scratch/list" 2>"$scratch/err"; }

# Half of the time belongs to the other one; less than a quarter would be no waiting at all.
both_wait() {
	list --over 1s --sort wait --columns name,wait,hurt || return
	[ "$(grep -c 'waits-[01] .* cpu [0-9]*%$' "$scratch/list")" -eq 2 ] &&
		awk '/waits-/ && $2 < 25 { exit 1 }' "$scratch/list"
}
poll_until 20 both_wait || { cat "$scratch/list"; fail "the two that share a CPU do not wait"; }

# The one that rests is not hurt, whatever else this machine does.
expect_match "the resting one" 'rests-0 +0\.[0-9] +-$' "$(grep rests-0 "$scratch/list")"

# Sorted by what they waited; cut down to one by name, pid and id.
awk '$2 != "-" { if (seen && $2 > last) exit 1; last = $2; seen = 1 }' "$scratch/list" ||
	{ cat "$scratch/list"; fail "who waits most does not come first"; }
name=$(awk '/waits-0/ { print $1 }' "$scratch/list")
list --columns name,pid,id "$name" || fail "$(cat "$scratch/err")"
expect_equal "VMs with that name" 1 "$(wc -l <"$scratch/list")"
pid=$(awk '{ print $2 }' "$scratch/list") id=$(awk '{ print $3 }' "$scratch/list")
for word in "$pid" "$id"; do
	list --columns name "$word" || fail "$(cat "$scratch/err")"
	expect_equal "the VM called $word" "$name" "$(cat "$scratch/list")"
done
expect_exit 1 "$TRUCE" list "$name" "no-such-vm"
expect_match "the sentence" '^truce list: no VM has .*"no-such-vm"' "$(cat "$scratch/err")"
expect_match "the one that there is" "^$name " "$(cat "$scratch/out")"

# JSON says the same, as its page says.
"$TRUCE" list --json >"$scratch/json" || fail "list --json ended with $?"
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/list.schema.json" <"$scratch/json" \
	>"$scratch/wrong"
case $? in
0) ;;
77) skip "$(cat "$scratch/wrong")" ;;
*) fail "$(cat "$scratch/wrong")" ;;
esac
grep -q "\"id\":\"$id\"" "$scratch/json" || fail "JSON has no VM $id"
