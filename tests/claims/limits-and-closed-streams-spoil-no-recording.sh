#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A program started without standard streams gives their numbers to no file of its own: else a
# sentence would land in the recording. A limit on the size of files ends no recorder without a word.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# limited COMMAND...: files of 8 KiB at most (a unit of ulimit -f is 512 bytes or 1 KiB).
limited() {
	(ulimit -f 8 && exec "$@")
}

# limited_hour FILE: an hour of a captured host, whose clock jumps, as 190 KB that do not fit.
limited_hour() {
	limited "$TRUCE" record --root "$SOURCE_ROOT/tests/hosts/libvirt-systemd-v2" \
		--interval 1s --for 1h "$1"
}

# Each snapshot that does not fit is a failure: the recorder is not killed, and says so.
limited_hour "$scratch/limited" 2>"$scratch/err"
status=$?
[ $status -eq 1 ] || [ $status -eq 3 ] || fail "the limited recorder ended with $status"
expect_match "the sentence" 'cannot write a snapshot to .*: File too large' "$(cat "$scratch/err")"
expect_exit 0 "$TRUCE" dump "$scratch/limited"
[ "$(wc -l <"$scratch/out")" -ge 1 ] || fail "nothing was recorded"

# The same with nothing to say it on: the sentence goes nowhere.
limited_hour "$scratch/mute" <&- >&- 2>&-
expect_equal "the first bytes of the recording" TRUCEREC "$(head -c 8 "$scratch/mute")"
expect_exit 0 "$TRUCE" dump "$scratch/mute"
limited_hour "$scratch/mute2" 2>&-
expect_exit 0 "$TRUCE" dump "$scratch/mute2"
expect_match "the recording" '"schema":"truce.dump/1"' "$(head -n 1 "$scratch/out")"

# What was to be printed and cannot be is a failure, for the help, too.
for words in help --version "dump $scratch/limited" "help list"; do
	# shellcheck disable=SC2086
	"$TRUCE" $words >&- 2>"$scratch/err"
	expect_equal "the exit status of '$words' with a closed output" 1 $?
	expect_match "the sentence of '$words'" 'cannot write to standard output' "$(cat "$scratch/err")"
done
