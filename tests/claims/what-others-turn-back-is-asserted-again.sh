#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A knob that somebody else turns is found, told with both values, and set again; where the policy
# says to leave it, it is left, also at the end.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce' 'interval = 200ms'
policy fourfold 400
truced_start
vm_start 1
poll_until 30 all_weigh 400 || fail "the policy gave $(weights) and not 400"

# turn WEIGHT: by a stranger's hand.
turn() {
	if [ -d /sys/fs/cgroup/cpu ]; then
		place=$(awk -F: '$2 ~ /(^|,)cpu(,|$)/ { print $3 }' "/proc/$vm_pids/cgroup")
		echo $(($1 * 1024 / 100)) >"/sys/fs/cgroup/cpu$place/cpu.shares"
	else
		place=$(awk -F: '$1 == 0 { print $3 }' "/proc/$vm_pids/cgroup")
		echo "$1" >"/sys/fs/cgroup$place/cpu.weight"
	fi
}
turn 150
drifted() {
	grep -q '"status":"drift".*"to_number":1[45]' "$TRUCE_STATE_DIR/adjustments.jsonl"
}
poll_until 20 drifted || fail "nobody told that the weight was turned"
poll_until 20 all_weigh 400 || fail "turned back, and not asserted: $(weights)"

echo 'drift "leave"' >>"$TRUCE_CONF_DIR/policies.d/fourfold.lua"
expect_match "reload" '"problems":\[\]' "$(ask '{"do":"reload"}')"
turn 150
twice() { [ "$(ask '{"do":"status"}' | sed 's/.*"drift":\([0-9]*\).*/\1/')" -ge 2 ]; }
poll_until 20 twice || fail "nobody told that the weight was turned again"
left() { ask '{"do":"vms"}' | grep -q 'left as it is'; }
poll_until 20 left || fail "a knob that is to be left is not held: $(ask '{"do":"vms"}')"
[ "$(weights)" != "400 " ] || fail "the policy says to leave it, and it was asserted"

# Nor is it given back when nobody wants it any more: it is the stranger's by now, which is told.
rm "$TRUCE_CONF_DIR/policies.d/fourfold.lua"
ask '{"do":"reload"}' >/dev/null
told_left() {
	grep -q '"status":"restored".*left at 15.*which somebody else set since' \
		"$TRUCE_STATE_DIR/adjustments.jsonl"
}
poll_until 20 told_left || fail "what a stranger had set was given back in silence"
