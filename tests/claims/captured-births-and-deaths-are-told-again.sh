#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# VMs that come and go while a capture is taken come and go again when it is read: born at
# their time, with their names and vCPUs, gone at theirs, and nobody waits for it.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm

word=brief$$
background "$TINY_VMM" run --vms 1 --name "$word-stays" >/dev/null
listed() { "$TRUCE" list --no-header --over 0 -o name,vcpus | grep -q "$word-stays.* 1\$"; }
poll_until 20 listed || fail "the first VM is not listed"

host=$scratch/host
"$TRUCE" capture "$host" --for 6s >"$scratch/said" 2>"$scratch/err" &
capture=$!
begun() { [ -e "$host.partial/proc/stat" ]; }
poll_until 20 begun || fail "it did not begin"
"$TINY_VMM" births --count 4 --gap-ms 300 --hold-ms 900 --name "$word-young" >/dev/null
status=0
wait "$capture" || status=$?
[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "capture: $(cat "$scratch/err")"

before=$(date +%s)
"$TRUCE" events --root "$host" >"$scratch/events"
[ $(($(date +%s) - before)) -le 4 ] || fail "reading it took as long as taking it"
for which in "created " "vcpu added" "destroyed"; do
	count=$(grep "$which" "$scratch/events" | grep -c "$word-young-[0-3] ")
	expect_equal "$which of the four" 4 "$count"
done
if grep -q "$word-stays" "$scratch/events"; then fail "the VM that stays is in the events"; fi
"$TRUCE" list --root "$host" --no-header -o name >"$scratch/list"
expect_match "who was there at first" "$word-stays" "$(cat "$scratch/list")"
if grep -q "$word-young" "$scratch/list"; then fail "VMs are listed before their birth"; fi
