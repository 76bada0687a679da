#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder fills a disk, says so once, and goes on when there is room again; all that was
# written can be read.
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
mkdir "$scratch/disk"
mount -t tmpfs -o size=64k truce-claim "$scratch/disk" 2>/dev/null || skip "may not mount a tmpfs"
recording=$scratch/disk/recording
dd if=/dev/zero of="$scratch/disk/ballast" bs=1k count=32 2>/dev/null

"$TRUCE" record --interval 5ms "$recording" 2>"$scratch/said" &
pid=$!
at_exit "kill $pid 2>/dev/null; wait $pid 2>/dev/null; umount '$scratch/disk'"
poll_until 20 grep -q 'cannot write' "$scratch/said" || fail "the disk is not full: $(df "$scratch/disk")"
# A reader finds a good recording meanwhile.
expect_exit 0 "$TRUCE" dump "$recording"
full=$(wc -l <"$scratch/out")
[ "$full" -gt 5 ] || fail "only $full snapshots"
expect_match "the sentence" 'No space left' "$(cat "$scratch/said")"

rm "$scratch/disk/ballast"
poll_until 20 grep -q 'recording again; [0-9]* snapshots are missing' "$scratch/said" ||
	fail "it did not go on: $(cat "$scratch/said")"
kill $pid
wait $pid
expect_equal "the recorder's exit status" 3 $?
# However many snapshots did not fit, it was one sentence.
expect_equal "sentences about the full disk" 1 "$(grep -c 'cannot write' "$scratch/said")"
expect_exit 0 "$TRUCE" dump "$recording"
[ "$(wc -l <"$scratch/out")" -gt "$full" ] || fail "nothing was added"
