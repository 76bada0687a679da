#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What was measured can be measured again only with the program that did it.
# shellcheck source=tests/claims/lib.sh
. "${SOURCE_ROOT:?}/tests/claims/lib.sh"

said='^truce [0-9.]+ \(commit ([0-9a-f]{12}( and changes)?|unknown)\)$'
"$TRUCE" --version | grep -qE "$said" || fail "truce --version says $("$TRUCE" --version)"

command -v git >/dev/null || skip "no git is installed: what it says of a repository is not tried"

tree=$scratch/tree
mkdir -p "$tree/tools" "$tree/src"
cp "$SOURCE_ROOT/tools/commit" "$tree/tools/commit"
echo 'tools/commit export-subst' >"$tree/.gitattributes"
echo one >"$tree/src/one.c"
echo words >"$tree/README.md"

expect_said() {
	now=$("$tree/tools/commit") || fail "$1: it ended with $?"
	[ "$now" = "$2" ] || fail "$1: it says '$now', not '$2'"
}

here() {
	git -C "$tree" -c user.name=nobody -c user.email=nobody@localhost -c init.defaultBranch=main "$@" \
		>/dev/null 2>&1
}

expect_said "a tree without git" "commit unknown"

git -C "$scratch" init -q
expect_said "a tree below somebody else's repository" "commit unknown"
rm -rf "$scratch/.git"

here init && here add -A && here commit -m one || fail "git makes no commit here"
commit=$(git -C "$tree" rev-parse HEAD | cut -c 1-12)
expect_said "a tree as it was committed" "commit $commit"

echo more >>"$tree/README.md"
expect_said "words beside the sources were changed" "commit $commit"
echo two >"$tree/src/one.c"
expect_said "a source was changed" "commit $commit and changes"

git -C "$tree" archive --prefix=archive/ HEAD | tar -x -C "$scratch"
tree=$scratch/archive
expect_said "an archive of it" "commit $commit"
