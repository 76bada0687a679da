#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Paused, what is set stays and nothing is turned, through a restart too; undo gives everything
# back and pauses; resume sets it again. A person's hold goes before the policy, and outlives
# truced. A VM in opt-out is left alone.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce'
vm_start 2
at_first=$(weights)
policy fourfold 400
truced_start
poll_until 30 all_weigh 400 || fail "the policy gave $(weights) and not 400"

expect_match "pause" '"ok":true' "$(ask '{"do":"pause","vm":"all"}')"
policy fourfold 200
expect_match "reload" '"problems":\[\]' "$(ask '{"do":"reload"}')"
# What a person has said holds however truced ends.
truced_end KILL
truced_start
expect_match "the pause after a restart" '"paused":true' "$(ask '{"do":"status"}')"
applied() {
	grep -c '"status":"applied"' "$TRUCE_STATE_DIR/adjustments.jsonl"
}
before=$(applied)
# Three ticks, by the age of the metrics' file, which is written at the tenth second.
touch "$scratch/now"
ticked() { [ "$TRUCE_RUN_DIR/truced.prom" -nt "$scratch/now" ]; }
poll_until 30 ticked || fail "truced does not tick while it is paused"
expect_equal "changes while paused" "$before" "$(applied)"
all_weigh 400 || fail "paused, and yet: $(weights)"

expect_match "resume" '"ok":true' "$(ask '{"do":"resume","vm":"all"}')"
poll_until 30 all_weigh 200 || fail "resumed, and yet: $(weights)"

expect_match "undo" '"ok":true' "$(ask '{"do":"undo","vm":"all"}')"
expect_equal "weights after undo" "$at_first" "$(weights)"
expect_match "undo pauses" '"paused":true' "$(ask '{"do":"status"}')"
expect_match "resume" '"ok":true' "$(ask '{"do":"resume","vm":"all"}')"
poll_until 30 all_weigh 200 || fail "resumed after undo, and yet: $(weights)"

first=$(echo "$vm_pids" | head -n 1)
expect_match "undo of one" '"ok":true' "$(ask '{"do":"undo","vm":"'"$first"'"}')"
expect_match "one is paused" '"paused_vms":1' "$(ask '{"do":"status"}')"
expect_match "a hold on a paused VM" '"ok":false.*is paused: truce resume' \
	"$(ask '{"do":"set","vm":"'"$first"'","setting":"cpu.weight","value":"50"}')"
expect_match "resume of all" '"ok":true' "$(ask '{"do":"resume","vm":"all"}')"
expect_match "nobody is paused" '"paused_vms":0' "$(ask '{"do":"status"}')"
poll_until 30 all_weigh 200 || fail "all resumed, and yet: $(weights)"
expect_match "a hold until yesterday" '"kind":"invalid","error":"the time' \
	"$(ask '{"do":"set","vm":"'"$first"'","setting":"cpu.weight","value":"50","until_usec":1}')"
expect_match "a hold" '"value":"50","until_usec":0' \
	"$(ask '{"do":"set","vm":"'"$first"'","setting":"cpu.weight","value":"50","until_usec":0}')"
is_held() { [ "$(weight "$first")" -le 50 ]; }
poll_until 30 is_held || fail "held at 50: $(weights)"
truced_end KILL
truced_start
expect_match "the hold after a restart" '"holds":1' "$(ask '{"do":"status"}')"
is_held || fail "after a restart: $(weights)"
expect_match "let go" '"ok":true' "$(ask '{"do":"let-go","vm":"'"$first"'","setting":"cpu.weight"}')"
poll_until 30 all_weigh 200 || fail "let go, and yet: $(weights)"

truced_conf '[truced]' 'mode = enforce' "[vm *$vms-1]" 'managed = no'
expect_match "reload" '"problems":\[\]' "$(ask '{"do":"reload"}')"
opted_out() {
	ask '{"do":"vms"}' | grep -q "\"name\":\"[^\"]*$vms-1\",\"class\":\"[a-z]*\",\"policy\":\"[a-z]*\",\"managed\":false,\"paused\":false,\"settings\":\[\]"
}
poll_until 30 opted_out || fail "a VM in opt-out keeps settings: $(ask '{"do":"vms"}')"
second=$(echo "$vm_pids" | tail -n 1)
expect_match "a hold on $second of $(echo "$vm_pids" | tr '\n' ' ')in opt-out" '"ok":false.*managed = no' \
	"$(ask '{"do":"set","vm":"'"$second"'","setting":"cpu.weight","value":"50"}')"
