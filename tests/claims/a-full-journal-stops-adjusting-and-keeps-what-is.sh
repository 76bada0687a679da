#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The journal's disk becomes full while VMs are adjusted: nothing more is turned, the sentence says
# so, what is set stays, and all of it can still be given back, and that be recorded.
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
mkdir "$scratch/run" "$scratch/disk"
mount -t tmpfs -o size=40k,mode=755 truce-claim "$scratch/disk" 2>/dev/null || skip "may not mount a tmpfs"
at_exit "umount '$scratch/disk'"
export TRUCE_RUN_DIR="$scratch/disk"
mkfifo "$scratch/until"
: >"$scratch/pids"
"$BUILD_ROOT/tests/act/adjuster" vms 8 <"$scratch/until" >"$scratch/pids" &
exec 9>"$scratch/until"

all_there() {
	[ "$(wc -l <"$scratch/pids")" -eq 8 ]
}

poll_until 30 all_there || fail "there are no 8 processes"
# shellcheck disable=SC2046
expect_exit 0 "$BUILD_ROOT/tests/act/adjuster" full $(cat "$scratch/pids")
expect_match "the sentence" 'no room in .* nothing more is adjusted, and what is set stays: No space left' \
	"$(cat "$scratch/out")"
expect_match "what is leased at the end" '^truce-journal 1 ' "$(head -n 1 "$scratch/disk/journal")"
cat "$scratch/out"
