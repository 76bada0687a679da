#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truced --restore, which the watchdog unit calls, gives back what a dead truced left; beside one
# that lives it does nothing, and twice is as once.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce'
vm_start 2
expected=$(weights)
policy fourfold 400
truced_start
poll_until 30 all_weigh 400 || fail "the policy gave $(weights) and not 400"

expect_exit 0 "$TRUCED" --restore
expect_match "beside one that lives" 'nothing is given back: ' "$(cat "$scratch/err")"
all_weigh 400 || fail "a restore beside a living truced gave back: $(weights)"
expect_exit 1 "$TRUCED"
expect_match "a second truced" 'truced' "$(cat "$scratch/err")"
truced_answers || fail "a second truced took the first one's socket"

truced_end KILL
expect_exit 0 "$TRUCED" --restore
expect_equal "weights after the restore" "$expected" "$(weights)"
expect_exit 0 "$TRUCED" --restore
expect_match "the second time" '0 changes were given back' "$(cat "$scratch/err")"
