#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A recording is cut off at 80 places. Each time the snapshots before the cut are read, and one
# sentence tells about what is left of the one that the cut went through.
. "$SOURCE_ROOT/tests/claims/lib.sh"

[ -x "$BUILD_ROOT/src/cmd/synthetic_recording" ] || skip "needs the unit tests' recordings"
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/whole" 5 60 || fail "no recording"
size=$(stat -c %s "$scratch/whole")
before=60
cut=$((size - 1))
places=0
while [ $cut -gt 0 ]; do
	head -c $cut "$scratch/whole" >"$scratch/cut"
	status=0
	"$TRUCE" dump "$scratch/cut" >"$scratch/out" 2>"$scratch/err" || status=$?
	count=$(wc -l <"$scratch/out")
	[ "$(wc -l <"$scratch/err")" -le 1 ] || fail "cut at $cut: $(cat "$scratch/err")"
	case $status in
	0) [ ! -s "$scratch/err" ] || fail "cut at $cut: exit 0 and $(cat "$scratch/err")" ;;
	1) expect_match "cut at $cut" 'no recording' "$(cat "$scratch/err")" ;;
	3) expect_match "cut at $cut" 'ends in half a snapshot' "$(cat "$scratch/err")" ;;
	*) fail "cut at $cut: exit $status, $(cat "$scratch/err")" ;;
	esac
	[ $status -ne 1 ] || [ $cut -lt 16 ] || fail "cut at $cut: refused"
	[ "$count" -le $before ] || fail "cut at $cut: more snapshots than with more bytes"
	before=$count
	places=$((places + 1))
	cut=$((cut - size / 80 - places % 3))
done
# The last places are within the header or the first snapshot.
expect_equal "snapshots at the end" 0 "$before"
expect_exit 1 "$TRUCE" dump /dev/null
expect_match "/dev/null" 'not a regular file' "$(cat "$scratch/err")"
: >"$scratch/empty"
expect_exit 1 "$TRUCE" dump "$scratch/empty"
expect_match "an empty file" 'is empty' "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" dump "$TRUCE"
expect_match "a foreign file" 'no recording' "$(cat "$scratch/err")"
echo "somebody's text, longer than a header" >"$scratch/text"
expect_exit 1 "$TRUCE" record --for 10ms "$scratch/text"
expect_match "recording into a foreign file" 'no recording' "$(cat "$scratch/err")"
expect_equal "the foreign file" "somebody's text, longer than a header" "$(cat "$scratch/text")"
