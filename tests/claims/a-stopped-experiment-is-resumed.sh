#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An experiment that is stopped, or killed, keeps what it measured and leaves no process and no
# file; --resume does the boots that are missing, each once. Two at a time in one place are refused.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

[ -x "$BUILD_ROOT/src/agent/truce-agent" ] || skip "needs truce-agent, which was not built"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

cat >"$scratch/steps.lua" <<'END'
return experiment {
	name = "steps", asks = "Is each step done once?",
	vms = { kind = "process", count = 2 },
	subject = { work = "cpu-integer" },
	boots = 4, warmup = 0.1*s, duration = 0.5*s,
}
END

# ask SQL: the first value.
ask() {
	/usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]).fetchone()[0])' \
		"$TRUCE_LAB_DIR/steps.sqlite" "$1"
}

boots_done() {
	[ -e "$TRUCE_LAB_DIR/steps.sqlite" ] &&
		[ "$(ask "select count(*) from boot where state = 'done'" 2>"$scratch/busy")" -ge "$1" ]
}

agents() {
	for place in /proc/[0-9]*; do
		[ "$(readlink "$place/exe" 2>/dev/null)" = "$BUILD_ROOT/src/agent/truce-agent" ] &&
			tr '\0' '\n' <"$place/environ" 2>/dev/null | grep -qx "TRUCE_LAB_DIR=$TRUCE_LAB_DIR" &&
			echo "$place"
	done
}

no_agents() {
	[ -z "$(agents)" ]
}

no_files() {
	[ -z "$(find "$TRUCE_SCRATCH" -mindepth 1)" ]
}

stop_with() {
	kill "-$1" "$run"
	wait "$run"
	status=$?
	poll_until 10 no_agents || fail "agents are left after SIG$1: $(agents)"
}

# Stopped, with another one refused beside it.
background "$TRUCE" lab run "$scratch/steps.lua" >"$scratch/said" 2>"$scratch/told"
run=$pid
poll_until 30 boots_done 1 || fail "no boot came to its end: $(cat "$scratch/told")"
expect_exit 1 "$TRUCE" lab run "$scratch/steps.lua"
expect_match 'who has the place' "being run here, by process $run" "$(cat "$scratch/err")"
# A shell's background jobs ignore SIGINT.
stop_with TERM
expect_equal 'how it ended' $((128 + 15)) "$status"
expect_match 'what to do' 'what was measured is kept, and --resume goes on' "$(cat "$scratch/told")"
no_files || fail "files are left: $(find "$TRUCE_SCRATCH")"
expect_equal 'the state' stopped "$(ask 'select state from experiment')"
before=$(ask "select count(*) from boot where state = 'done'")

# Killed in the middle.
background "$TRUCE" lab run --resume "$scratch/steps.lua" >"$scratch/said" 2>"$scratch/told"
run=$pid
poll_until 30 boots_done $((before + 1)) || fail "no boot came to its end: $(cat "$scratch/told")"
stop_with KILL
before=$(ask "select count(*) from boot where state = 'done'")

expect_exit 0 "$TRUCE" lab run --resume "$scratch/steps.lua"
expect_match 'what was there' "$before boots were there before" "$(cat "$scratch/out")"
no_files || fail "files are left: $(find "$TRUCE_SCRATCH")"
expect_equal 'the experiments' 1 "$(ask 'select count(*) from experiment')"
expect_equal 'the boots that are done' '4 4' "$(ask "select count(*) || ' ' || count(distinct ordinal)
	from boot where state = 'done'")"
expect_equal 'the runs in them' 8 "$(ask "select count(*) from run join boot on boot.id = run.boot
	where boot.state = 'done' and run.state = 'done'")"
expect_equal 'the state' finished "$(ask 'select state from experiment')"
expect_exit 1 "$TRUCE" lab run --resume "$scratch/steps.lua"
expect_match 'that nothing is left to do' 'there is none that was stopped' "$(cat "$scratch/err")"
