#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture that is interrupted, or cannot be written, leaves no directory; one that is killed
# leaves the partial one, and the next says so. What was in the directory is never touched.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

host=$scratch/host
begun() { [ -e "$host.partial/proc/stat" ]; }

for signal in TERM HUP; do
	"$TRUCE" capture "$host" --for 60s >"$scratch/out" 2>"$scratch/err" &
	pid=$!
	background_pids="$background_pids $pid"
	poll_until 20 begun || fail "it did not begin: $(cat "$scratch/err")"
	kill -s "$signal" "$pid"
	status=0
	wait "$pid" || status=$?
	expect_equal "exit code after $signal" 1 "$status"
	expect_match "what it says" "^truce capture: interrupted: nothing is left" "$(cat "$scratch/err")"
	[ ! -e "$host" ] && [ ! -e "$host.partial" ] || fail "something is left after $signal"
done

"$TRUCE" capture "$host" --for 60s >/dev/null 2>&1 &
pid=$!
poll_until 20 begun || fail "it did not begin"
kill -s KILL "$pid"
wait "$pid" 2>/dev/null
expect_exit 1 "$TRUCE" capture "$host"
expect_match "what it says" "host.partial is in the way" "$(cat "$scratch/err")"
rm -rf "$host.partial"

mkdir "$host" && echo mine >"$host/file"
expect_exit 1 "$TRUCE" capture "$host"
expect_match "what it says" "is not empty; name a new directory" "$(cat "$scratch/err")"
expect_equal "what was there" mine "$(cat "$host/file")"
[ ! -e "$host.partial" ] || fail "a partial directory is left"

echo file >"$scratch/file"
expect_exit 1 "$TRUCE" capture "$scratch/file"
expect_match "what it says" "is no directory" "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" capture "$scratch/none/host"
expect_match "what it says" "cannot make .*none/host.partial: No such file" "$(cat "$scratch/err")"

rm "$host/file"
"$TRUCE" capture "$host/" >/dev/null 2>&1 || [ $? -eq 3 ] || fail "an empty directory is refused"
[ -e "$host/about" ] || fail "nothing is in it"
