#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

export TZ=UTC
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/night" 5 10 || fail "no recording was made"

expect_exit 0 "$TRUCE" top --batch 3 --replay "$scratch/night"
expect_equal "tables" 3 "$(grep -c '^NAME' "$scratch/out")"
expect_equal "lines of VMs" 16 "$(grep -c '^vm0' "$scratch/out")"
expect_match "the first time" '^2026-03-01 12:00:02' "$(cat "$scratch/out")"
grep -q "$(printf '\033')" "$scratch/out" && fail "escapes in plain text"

# No more than there is, and -1 is one.
expect_exit 0 "$TRUCE" top -b 1000 --replay "$scratch/night"
expect_equal "tables of all" 9 "$(grep -c '^NAME' "$scratch/out")"
expect_exit 0 "$TRUCE" top -1 --replay "$scratch/night"
expect_equal "tables of one" 1 "$(grep -c '^NAME' "$scratch/out")"

# As wide as COLUMNS says.
COLUMNS=60 expect_exit 0 "$TRUCE" top -1 --replay "$scratch/night"
expect_equal "too long lines" 0 "$(grep -c '.\{61\}' "$scratch/out")"

# Without a terminal there is no live view, and it says what there is instead.
expect_exit 1 "$TRUCE" top --replay "$scratch/night"
expect_match "the sentence" '^truce top: .*--batch' "$(cat "$scratch/err")"

# Output that nobody takes is a failure, told once.
expect_exit 1 sh -c '"$TRUCE" top -1 --replay "$1" >/dev/full' sh "$scratch/night"
expect_equal "sentences" 1 "$(wc -l <"$scratch/err")"
