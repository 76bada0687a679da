#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGTERM, and kill -9, leave what is set; the next truced takes it over with its reason, changes
# nothing that is as it should be, and gives back what no policy wants any more.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce'
policy fourfold 400
truced_start
vm_start 3
poll_until 30 all_weigh 400 || fail "the policy gave $(weights) and not 400"
set_times() {
	grep -c '"verdict":"set"' "$TRUCE_STATE_DIR/adjustments.jsonl"
}
before=$(set_times)

for signal in TERM KILL; do
	truced_end "$signal"
	all_weigh 400 || fail "after SIG$signal: $(weights)"
	truced_start
	expect_match "leases after SIG$signal" '"leases":[1-9]' "$(ask '{"do":"status"}')"
	answer=$(ask '{"do":"vms"}')
	expect_match "the reason after SIG$signal" '"value":"400".*"policy":"fourfold".*"line":3' "$answer"
done
ticks() {
	[ "$(grep -c 'truced 0' "$TRUCE_STATE_DIR/adjustments.jsonl")" -ge 3 ]
}
ticks || fail "three starts are not in the ledger"
expect_equal "settings turned by the successors" "$before" "$(set_times)"

truced_end KILL
rm "$TRUCE_CONF_DIR/policies.d/fourfold.lua"
truced_start
all_weigh 400 || fail "given back before anybody could want it: $(weights)"
released() {
	expect_match "the answer" '"ok":true' "$(ask '{"do":"status"}')"
	ask '{"do":"status"}' | grep -q '"leases":0'
}
poll_until 20 released || fail "what nobody wants is not given back: $(weights)"
