#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/terminal.sh
. "$SOURCE_ROOT/tests/terminal.sh"

"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/night" 3 30 || fail "no recording was made"
terminal_open 80 24 "echo before"

# start: the live view is on the screen; its pid is in $pid.
start() {
	terminal_press "clear; sh -c 'echo \$\$ >$scratch/pid; exec $TRUCE top --replay $scratch/night'" Enter
	terminal_shows '^q quit'
	pid=$(cat "$scratch/pid")
}

runs_no_more() { ! kill -0 "$pid" 2>/dev/null; }

ended() {
	poll_until 5 runs_no_more || fail "$1: it runs on"
	terminal_has '^q quit' && fail "$1: the screen has not come back"
	terminal_is_given_back "$1"
}

start
terminal_press q
ended "after q"

start
terminal_press F10
ended "after F10"

start
terminal_press C-c
ended "after Ctrl-C"

for signal in TERM HUP SEGV ABRT; do
	start
	kill -"$signal" "$pid"
	ended "after SIG$signal"
done

# A wrong file never takes the terminal at all.
terminal_press "clear; $TRUCE top --replay /dev/null; echo \"status \"\$?" Enter
terminal_shows '^status 1'
terminal_shows '^truce top: '
