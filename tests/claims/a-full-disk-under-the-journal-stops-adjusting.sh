#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# With no room for the journal nothing is turned, what is set stays, status and log and metrics
# say so; when there is room again adjusting goes on by itself.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

mkdir "$scratch/run"
mount -t tmpfs -o size=256k,mode=755 none "$scratch/run" 2>/dev/null || skip "cannot mount a tmpfs here"
at_exit 'umount "$scratch/run"'
at_exit truced_tidy

truced_conf '[truced]' 'mode = enforce' 'interval = 200ms'
policy fourfold 400
truced_start
vm_start 1
poll_until 30 all_weigh 400 || fail "the policy gave $(weights) and not 400"

fill() {
	while :; do # truced frees some of it now and then: until it says so
		cat /dev/zero >>"$scratch/run/filler" 2>/dev/null
		ask '{"do":"status"}' | grep -q '"full":true' && return
		sleep 0.1
	done
}
# The journal keeps a reserve for itself: births eat it up.
background setsid "$TINY_VMM" churn --vms 4 --for 60 --name "$vms" --lifetime-ms 100:200
churn_pid=$pid
( fill ) &
fill_pid=$!
is_full() { ask '{"do":"status"}' | grep -q '"full":true'; }
poll_until 60 is_full || { kill "$fill_pid"; fail "a full disk is not said: $(ask '{"do":"status"}')"; }
kill "$fill_pid" 2>/dev/null
wait "$fill_pid" 2>/dev/null
kill "$churn_pid"
wait "$churn_pid" 2>/dev/null
expect_match "the metric" '^truced_journal_full 1' "$(ask '{"do":"metrics"}' | sed 's/\\n/\n/g')"
expect_match "the log" 'nothing is adjusted, what is set stays' "$(cat "$truced_log")"
all_weigh 400 || fail "with a full disk: $(weights)"
expect_match "a person's set" '"ok":false' \
	"$(ask '{"do":"set","vm":"'"$vm_pids"'","setting":"cpu.weight","value":"50"}')"

rm "$scratch/run/filler"
goes_on() { ask '{"do":"status"}' | grep -q '"full":false'; }
poll_until 20 goes_on || fail "with room again: $(ask '{"do":"status"}')"
expect_match "a person's set" '"ok":true' \
	"$(ask '{"do":"set","vm":"'"$vm_pids"'","setting":"cpu.weight","value":"50"}')"
is_set() { [ "$(weight "$vm_pids")" -le 50 ]; }
poll_until 30 is_set || fail "with room again: $(weights)"
