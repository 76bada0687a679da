#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The paper's figure 7 as printed, built as a user builds it, and in Lua: one recording, one plan. Only
# where each stands (file and line) differs.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

TRUCE_LIBEXEC=$BUILD_ROOT/src/decide
export TRUCE_LIBEXEC
need_program "${CC:-cc}"
cd "$SOURCE_ROOT/policies" || fail "no policies"
"$TRUCE" policy build figure7.c -o "$scratch/figure7.so" >"$scratch/said" 2>&1 ||
	fail "figure7.c does not build: $(cat "$scratch/said")"

# planned POLICY RECORDING: time, VM, setting, values and reason of each change.
planned() {
	expect_exit 0 "$TRUCE" policy replay "$1" "recordings/$2.truce"
	grep '^+' "$scratch/out" | sed 's/ by [^ ]*\( ([^)]*)\)\{0,1\}: / because /; s/; expected: .*//'
}
# Those of the others, too: there is more in them that figure 7 does not go by, or that is absent.
for recording in recordings/*.truce; do
	name=$(basename "$recording" .truce)
	planned figure7.lua "$name" >"$scratch/lua.$name"
	planned "$scratch/figure7.so" "$name" >"$scratch/c.$name"
	diff "$scratch/lua.$name" "$scratch/c.$name" ||
		fail "$name: figure 7 in C plans something else than in Lua"
done
mv "$scratch/lua.figure7" "$scratch/lua"
mv "$scratch/c.figure7" "$scratch/c"
[ "$(wc -l <"$scratch/lua")" -ge 20 ] || fail "a plan of few lines: $(cat "$scratch/lua")"
expect_match "it takes" 'cpu.nice 14 -> 15 because the CPUs were busier than 90 %' "$(cat "$scratch/c")"
expect_match "it gives" 'cpu.nice 0 -> -1 because the CPUs were idler than 10 %' "$(cat "$scratch/c")"
