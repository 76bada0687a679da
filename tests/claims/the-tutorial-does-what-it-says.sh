#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who follows doc/policies.md literally sees what it says: its three pieces of Lua, in the order of the page.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

TRUCE_LIBEXEC=$BUILD_ROOT/src/decide
export TRUCE_LIBEXEC
recording=$SOURCE_ROOT/policies/recordings/gold-first.truce
cd "$scratch" || exit 1
awk '/^```lua$/ { piece++; inside = 1; next } /^```/ { inside = 0 } inside { print >"piece" piece }' \
	"$SOURCE_ROOT/doc/policies.md"
{ [ -s piece3 ] && [ ! -e piece4 ]; } || fail "the page has other pieces than three"

# follows: mine.lua is good, and what it plans is in $scratch/out.
follows() {
	expect_exit 0 "$TRUCE" policy check --replay "$recording" mine.lua
	cp out checked
	expect_exit 0 "$TRUCE" policy replay mine.lua "$recording"
}

cp piece1 mine.lua
follows
expect_match "the warning that it speaks of" 'nothing is said of class rest' "$(cat checked)"
said=$(sed -n 's|^    \(+0.000 set gold-db .*\); expected: .*|\1|p' \
	"$SOURCE_ROOT/doc/policies.md")
[ -n "$said" ] || fail "the page has no line of a plan"
expect_match "the line that it shows" "^$(printf '%s' "$said" | sed 's/[+().]/\\&/g'); " "$(cat out)"
expect_equal "lines" 1 "$(grep -c '^+' out)"

cat piece1 piece2 >mine.lua
follows
expect_match "nothing to warn of" '^good$' "$(cat checked)"
expect_equal "set at 10" 3 "$(grep -c '^+10\.000 set bronze-.* 100 -> 25 ' out)"
expect_equal "given back at 40" 3 "$(grep -c '^+40\.000 release bronze-' out)"

cat piece1 piece3 >mine.lua
follows
expect_equal "set at 10" 3 "$(grep -c '^+10\.000 set bronze-.* 100 -> 25 ' out)"
when=$(sed -n 's/.*in the replay at second \([0-9]*\).*/\1/p' "$SOURCE_ROOT/doc/policies.md")
expect_equal "given back at $when" 3 "$(grep -c "^+$when\\.000 release bronze-" out)"
expect_equal "changes" 7 "$(grep -c '^+' out)"
