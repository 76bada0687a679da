#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

export TZ=UTC
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/night" 5 60 || fail "no recording was made"

expect_exit 0 "$TRUCE" events --replay "$scratch/night"
expect_equal "events" 2 "$(wc -l <"$scratch/out")"
expect_match "the birth" '^2026-03-01 12:00:2[01]\.[0-9]{3}  created +vm005 +[0-9]+-[0-9]+-0$' \
	"$(sed -n 1p "$scratch/out")"
expect_match "the death" '^2026-03-01 12:00:4[01]\.[0-9]{3}  destroyed +vm000 ' \
	"$(sed -n 2p "$scratch/out")"

# One byte wrong: what is good is told, and that something is not.
size=$(wc -c <"$scratch/night")
head -c $((size / 2)) "$scratch/night" >"$scratch/damaged"
printf x >>"$scratch/damaged"
tail -c +$((size / 2 + 2)) "$scratch/night" >>"$scratch/damaged"
expect_exit 3 "$TRUCE" events --replay "$scratch/damaged"
expect_match "the sentence" 'is damaged in 1 place' "$(cat "$scratch/err")"

# In any other zone the same events come at other hours.
TZ=Asia/Tokyo expect_exit 0 "$TRUCE" events --replay "$scratch/night"
expect_match "the birth in Tokyo" '^2026-03-01 (21|12):00:2[01]' "$(sed -n 1p "$scratch/out")"

expect_exit 0 "$TRUCE" events --json --replay "$scratch/night"
expect_match "the birth" '"event":"created","id":"[0-9-]+","pid":[0-9]+,"name":"vm005"' \
	"$(sed -n 1p "$scratch/out")"
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/events.schema.json" <"$scratch/out" \
	>"$scratch/wrong"
case $? in
0) ;;
77) skip "$(cat "$scratch/wrong")" ;;
*) fail "$(cat "$scratch/wrong")" ;;
esac

# Only up to a time.
expect_exit 0 "$TRUCE" events --replay "$scratch/night" --for 30s
expect_equal "events of half a minute" 1 "$(wc -l <"$scratch/out")"

# A reader that goes away ends it, and a stranger's file is refused in one sentence.
"$TRUCE" events --replay "$scratch/night" | head -1 >/dev/null
expect_exit 1 "$TRUCE" events --replay "$TRUCE"
expect_equal "sentences" 1 "$(wc -l <"$scratch/err")"
