#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A recording is replayed to the same bytes each time; without the rule that is named, what it did is
# not there. figure7 in Lua and in C, as printed in the paper, give the same plan.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/night" 6 60 || fail "no recording"
cat >"$scratch/both.lua" <<'END'
policy "both"
interval (5 * seconds)
class "gold" { name = "vm00[01]" }
class "bronze" { name = "vm*" }
intent "gold" { ["cpu.shares"] = 400 }
rule "takes turns" {
	class = "bronze",
	run = function(vm, state, host)
		state.turns = (state.turns or 0) + 1
		vm:set("cpu.limit", (1 + state.turns % 3) * cpus, "it is its turn")
	end,
}
END

# replayed POLICY ARGUMENT...: into $scratch/out.
replayed() {
	policy=$1
	shift
	expect_exit 0 "$TRUCE" policy replay "$@" "$policy" "$scratch/night"
}

replayed "$scratch/both.lua"
cp "$scratch/out" "$scratch/first"
replayed "$scratch/both.lua"
cmp "$scratch/first" "$scratch/out" || fail "another replay has other bytes"
expect_match "an intent" '^\+0\.000 set vm000 \(gold\) cpu.weight 100 -> 400 for cpu.shares by both:5' \
	"$(cat "$scratch/first")"
expect_match "a rule" '^\+[0-9.]+ set vm002 \(bronze\) cpu.quota .*\(takes turns\): it is its turn' \
	"$(cat "$scratch/first")"
expect_match "sums of the intent" '^  intent of class gold \(line 5\): 2 set' "$(cat "$scratch/first")"
expect_match "sums of the rule" '^  rule takes turns \(line [0-9]+\): [0-9]+ set' "$(cat "$scratch/first")"
expect_match "what it cannot tell" 'not simulated' "$(cat "$scratch/first")"

# Its own settings are seen as set: from the second turn on the rule starts where it left off.
expect_match "from what it set" 'set vm002 \(bronze\) cpu.quota 2 CPUs -> 3 CPUs' "$(cat "$scratch/first")"

# The rule that is named is taken out: nothing of it is left, and the rest is as it was.
sed '/^rule/,$d' "$scratch/both.lua" >"$scratch/without.lua"
replayed "$scratch/without.lua"
grep -q 'takes turns\|cpu.quota' "$scratch/out" && fail "an adjustment without its rule"
grep '(gold)' "$scratch/first" >"$scratch/gold-before"
grep '(gold)' "$scratch/out" | cmp - "$scratch/gold-before" || fail "others changed with it"

# Parts of the recording, and fewer of its snapshots.
replayed "$scratch/both.lua" --to 2026-03-01T12:00:10Z
expect_match "ten seconds" '^(9|1[01]) snapshots, (8|9|10) s, ' "$(cat "$scratch/out")"
replayed "$scratch/both.lua" --interval 10s
expect_match "every tenth" '^6 snapshots, ' "$(cat "$scratch/out")"
expect_exit 1 "$TRUCE" policy replay --from later "$scratch/both.lua" "$scratch/night"

replayed "$scratch/both.lua" --json
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/plan.schema.json" <"$scratch/out" \
	>"$scratch/said"
case $? in
0) ;;
77) skip "$(cat "$scratch/said")" ;;
*) fail "$(head -5 "$scratch/said")" ;;
esac
expect_equal "items" "$(grep -c '^+' "$scratch/first")" "$(grep -o '"verdict":' "$scratch/out" | wc -l)"

# The paper's figure, in both languages.
"$TRUCE" policy build "$SOURCE_ROOT/policies/figure7.c" -o "$scratch/figure7.so" >"$scratch/said" 2>&1 ||
	fail "figure7.c does not build: $(cat "$scratch/said")"
replayed "$SOURCE_ROOT/policies/figure7.lua"
sed 's/ by [^ ]* .*//' "$scratch/out" | grep '^+' >"$scratch/lua"
replayed "$scratch/figure7.so"
sed 's/ by [^ ]* .*//' "$scratch/out" | grep '^+' | diff "$scratch/lua" - ||
	fail "figure 7 in C plans something else than in Lua"

# No recording, no policy: one sentence each.
expect_exit 1 "$TRUCE" policy replay "$scratch/both.lua" "$scratch/nothing"
expect_equal "sentences" 1 "$(wc -l <"$scratch/err")"
expect_exit 1 "$TRUCE" policy replay "$scratch/nothing.lua" "$scratch/night"
expect_exit 2 "$TRUCE" policy replay "$scratch/both.lua"
