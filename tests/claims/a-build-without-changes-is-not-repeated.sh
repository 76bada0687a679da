#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "${SOURCE_ROOT:?}/tests/claims/lib.sh"
# shellcheck source=tools/prepare.sh
. "$SOURCE_ROOT/tools/prepare.sh"

# A checkout of our own, of which we say when it was built.
source_root=$scratch/checkout
build=$scratch/build
mkdir -p "$source_root/src/base" "$build"
touch "$source_root/meson.build" "$source_root/src/base/one.c"

# File times advance in steps of some milliseconds; so each change is made until it is seen.
built() {
	touch "$build/.built"
	build_is_fresh "$build"
}

changed_by() {
	"$@"
	! build_is_fresh "$build"
}

source_vanishes() {
	touch "$source_root/src/base/one.c"
	rm "$source_root/src/base/one.c"
}

# As from an archive: the file's own date is old, its arrival is not.
old_source_arrives() {
	touch -d 2001-01-01 "$scratch/two.c"
	cp -p "$scratch/two.c" "$source_root/src/base/two.c"
}

build_is_fresh "$build" && fail "never built, and yet fresh"
poll_until 5 built || fail "just built, and not fresh"

poll_until 5 changed_by touch "$source_root/src/base/one.c" || fail "a source changed unseen"
poll_until 5 built || fail "built again, and not fresh"

poll_until 5 changed_by source_vanishes || fail "a source vanished unseen"
poll_until 5 built || fail "built again, and not fresh"

poll_until 5 changed_by old_source_arrives || fail "a source with an old date arrived unseen"
poll_until 5 built || fail "built again, and not fresh"

mkdir -p "$source_root/.git/logs"
touch "$source_root/.git/logs/HEAD"
poll_until 5 built || fail "built again, and not fresh"
poll_until 5 changed_by touch "$source_root/.git/logs/HEAD" || fail "a commit was made unseen"
