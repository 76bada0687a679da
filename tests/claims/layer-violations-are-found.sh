#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

tree=$scratch/tree

# tree_with ROOM INCLUDED: a tree of which one file, src/ROOM/file.c, includes INCLUDED.
tree_with() {
	rm -rf "$tree"
	for room in base sys model observe decide act lease blame record join advise work measure \
		report lab ksm kernels daemon agent cmd; do
		mkdir -p "$tree/src/$room"
		echo '/* a header */' >"$tree/src/$room/here.h"
	done
	mkdir -p "$tree/src/lab/box" "$tree/include" "$tree/src/$1"
	echo '/* a header */' | tee "$tree/include/public.h" >"$tree/src/lab/box/here.h"
	printf '#include <stdio.h>\n#include "%s"\n' "$2" >"$tree/src/$1/file.c"
}

forbidden() {
	tree_with "$1" "$2/here.h"
	expect_exit 1 "$SOURCE_ROOT/tools/check-layers" "$tree"
	expect_match "$1 includes $2" \
		"^src/$1/file.c:2: room $1 may not include room $2\$" "$(cat "$scratch/out")"
}

allowed() {
	tree_with "$1" "$2"
	expect_exit 0 "$SOURCE_ROOT/tools/check-layers" "$tree"
}

forbidden base sys
forbidden sys model
forbidden model sys
forbidden model observe
for room in decide blame join advise measure report; do
	forbidden $room sys
done
forbidden record sys
forbidden observe record
forbidden observe lab
forbidden lab ksm
forbidden ksm kernels
forbidden kernels lab
forbidden lab cmd
forbidden cmd daemon

allowed sys base/here.h
allowed observe sys/here.h
allowed record model/here.h
allowed report measure/here.h
allowed lab observe/here.h
allowed cmd lab/box/here.h
allowed decide public.h
allowed lab/box ../here.h

# However it is written: by a path that climbs, with blanks, from a public header, in a room
# that nobody has given a floor, and when the tree is empty.
tree_with model ../sys/here.h
expect_exit 1 "$SOURCE_ROOT/tools/check-layers" "$tree"
tree_with model base/here.h
printf '  #  include "sys/here.h"\n' >>"$tree/src/model/file.c"
expect_exit 1 "$SOURCE_ROOT/tools/check-layers" "$tree"
tree_with base here.h
echo '#include "model/here.h"' >"$tree/include/public.h"
expect_exit 1 "$SOURCE_ROOT/tools/check-layers" "$tree"
tree_with attic base/here.h
expect_exit 1 "$SOURCE_ROOT/tools/check-layers" "$tree"
expect_match "an unknown room" "room attic is in no floor" "$(cat "$scratch/out")"
mkdir "$scratch/empty"
expect_exit 1 "$SOURCE_ROOT/tools/check-layers" "$scratch/empty"
