#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A text file is replaced, a device, a pipe or a directory of that name is not: a file in the
# place of /dev/null would harm the whole machine.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

mkfifo "$scratch/pipe"
mkdir "$scratch/directory"
for name in pipe directory; do
	"$TRUCE" export --textfile "$scratch/$name" --interval 20ms --for 100ms 2>"$scratch/err"
	expect_equal "the exit status with a $name" 3 $?
	expect_equal "sentences about the $name" 1 \
		"$(grep -c 'cannot replace .*: it is not a regular file' "$scratch/err")"
done
[ -p "$scratch/pipe" ] || fail "the pipe was replaced"
[ -d "$scratch/directory" ] || fail "the directory was replaced"

echo old >"$scratch/file.prom"
"$TRUCE" export --textfile "$scratch/file.prom" --interval 20ms --for 60ms 2>/dev/null
expect_match "the metrics" '^truce_host_' "$(cat "$scratch/file.prom")"
expect_equal "other files" "" "$(ls "$scratch" | grep '\.new$')"
