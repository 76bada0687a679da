#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The live view of ksm watch follows, scrolls, and gives the terminal back however it ends; what it records
# meanwhile is whole.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/terminal.sh
. "$SOURCE_ROOT/tests/terminal.sh"

terminal_open 100 20 "echo before"

# start: the live view is on the screen; its pid is in $pid.
start() {
	rm -f "$scratch/recording"
	terminal_press "clear; sh -c 'echo \$\$ >$scratch/pid; exec $TRUCE ksm watch -d 100ms --record $scratch/recording'" Enter
	terminal_shows '^reserve: '
	pid=$(cat "$scratch/pid")
}

runs_no_more() { ! kill -0 "$pid" 2>/dev/null; }
has_samples() { [ "$(wc -l <"$scratch/recording")" -ge 3 ]; }

ended() {
	poll_until 5 runs_no_more || fail "$1: it runs on"
	terminal_has '^reserve: ' && fail "$1: the screen has not come back"
	terminal_is_given_back "$1"
	"$TRUCE" ksm watch --replay "$scratch/recording" >"$scratch/out" 2>&1 ||
		fail "$1: the recording is not whole: $(tail -n 2 "$scratch/out")"
}

start
poll_until 10 has_samples || fail "it does not go on: $(cat "$scratch/recording")"
terminal_press Down Down Up
terminal_press q
ended "after q"

start
terminal_press C-c
ended "after Ctrl-C"

start
kill -TERM "$pid"
ended "after SIGTERM"
