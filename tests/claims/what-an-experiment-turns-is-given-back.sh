#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A knob of the host that an experiment turns is what it was when the experiment ends; where it was
# killed with SIGKILL, the next one gives it back first, whether it turns anything itself or nothing.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
[ -x "$BUILD_ROOT/src/agent/truce-agent" ] || skip "needs truce-agent, which was not built"
knob=/sys/kernel/mm/ksm/pages_to_scan
[ -w "$knob" ] || skip "needs a kernel with KSM"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"
was=$(cat "$knob")
at_exit "echo '$was' >'$knob'"
odd=4321
[ "$was" = "$odd" ] && odd=4322

cat >"$scratch/turns.lua" <<END
return experiment {
	name = "turns", asks = "Is it given back?",
	vms = { kind = "process" }, ksm = { state = "leave", pages = $odd },
	subject = { work = "cpu-integer" },
	boots = 1, warmup = 0*s, duration = 0.5*s,
}
END
sed 's/0.5\*s/60*s/; s/turns/long/' "$scratch/turns.lua" >"$scratch/long.lua"

turned() {
	[ "$(cat "$knob")" = "$odd" ]
}

expect_exit 0 "$TRUCE" lab run "$scratch/turns.lua"
expect_equal 'the knob after the experiment' "$was" "$(cat "$knob")"

killed_in_the_middle() {
	background "$TRUCE" lab run "$scratch/long.lua" >"$scratch/said" 2>"$scratch/told"
	poll_until 30 turned || fail "it was not turned: $(cat "$scratch/told")"
	kill -KILL "$pid"
	wait "$pid"
	turned || fail "somebody else gave it back: this shows nothing"
}

killed_in_the_middle
# One that turns another knob: only because of the first one's journal it is given back.
sed -i "s/pages = $odd/sleep = 21*ms/" "$scratch/turns.lua"
expect_exit 0 "$TRUCE" lab run "$scratch/turns.lua"
expect_equal 'the knob after the next experiment' "$was" "$(cat "$knob")"

killed_in_the_middle
sed 's/ ksm = {.*},//; s/turns/plain/' "$scratch/turns.lua" >"$scratch/plain.lua"
grep -q ksm "$scratch/plain.lua" && fail "it turns something: $(cat "$scratch/plain.lua")"
expect_exit 0 "$TRUCE" lab run "$scratch/plain.lua"
expect_equal 'the knob after one that turns nothing' "$was" "$(cat "$knob")"

# Two at once, each in a place of its own: each would take the other's value for the host's.
background "$TRUCE" lab run "$scratch/long.lua" >"$scratch/said" 2>"$scratch/told"
poll_until 30 turned || fail "it was not turned: $(cat "$scratch/told")"
TRUCE_LAB_DIR="$scratch/other" expect_exit 1 "$TRUCE" lab run "$scratch/turns.lua"
expect_match 'the second' "another experiment turns this host's KSM" "$(cat "$scratch/err")"
kill -TERM "$pid"
wait "$pid"
expect_equal 'the knob after both' "$was" "$(cat "$knob")"
