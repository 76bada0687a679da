#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever ends `truce lab work`, its worker, and what that started, ends with it; files have no
# name, and what a file server leaves is taken away by the next one.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# Of all that runs with this claim's directory in its environment.
survivors() {
	grep -lszx "CLAIM=$scratch" /proc/[0-9]*/environ
}
nobody_survives() {
	[ -z "$(survivors)" ]
}
# As many processes show that it works.
counts() {
	[ "$(survivors | wc -l)" -ge "$1" ]
}

# killed SIGNAL PROCESSES LINE...
killed() {
	signal=$1
	processes=$2
	shift 2
	CLAIM=$scratch "$TRUCE" lab work --for 0 "$@" >"$scratch/out" 2>&1 &
	pid=$!
	poll_until 20 counts "$processes" || fail "'$*' did not begin: $(cat "$scratch/out")"
	kill "-$signal" "$pid"
	wait "$pid" 2>/dev/null
	poll_until 20 nobody_survives || fail "after SIG$signal of '$*': $(survivors)"
}

for signal in KILL TERM; do
	killed $signal 2 cpu-integer threads=2
	killed $signal 3 system-switch
	killed $signal 3 command "run=sleep 3600"
	killed $signal 4 command "run=sleep 3600 & sleep 3600; true"
	killed $signal 2 disk-write file="$scratch/f" size=1M
	killed $signal 2 file-server directory="$scratch" size=256K file=8K
	[ ! -e "$scratch/f" ] || fail "disk-write left its file"
done
# What SIGKILL left, if anything, went with the next.
[ ! -e "$scratch/truce-file-server" ] || fail "a file server's files were left"
