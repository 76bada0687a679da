#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Experiments whose truth is known are told as that, on the terminal and as JSON that keeps to its schema;
# nothing is concluded from too few boots, or where the VMs beside VM1 did not load.
. "$SOURCE_ROOT/tests/claims/lib.sh"

made=$BUILD_ROOT/src/lab/result/made-experiment
[ -x "$made" ] || skip "needs the unit tests' experiments"
[ -x "$BUILD_ROOT/src/cmd/truce-lab" ] || skip "truce-lab is not built here"
export TRUCE_LAB_DIR="$scratch/lab"
mkdir "$TRUCE_LAB_DIR"

validate() {
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/$1.schema.json" <"$2" >"$scratch/said"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/said")" ;;
	*) fail "$1: $(head -n 5 "$scratch/said")" ;;
	esac
}

# found EXPERIMENT WORDS: its answer has these words.
found() {
	"$TRUCE" lab show "$1" >"$scratch/text" || fail "$1 cannot be shown"
	grep -q "^found: .*$2" "$scratch/text" || fail "$1: wanted '$2', got: $(grep '^found' "$scratch/text")"
}

"$TRUCE" lab list >"$scratch/text" || fail "an empty list fails"
grep -q "no experiment was run here yet" "$scratch/text" || fail "an empty list says nothing"
for kind in isolation aa duet sequence idle few hostile; do
	"$made" "$TRUCE_LAB_DIR/$kind.sqlite" "$kind" 3 || fail "no experiment of kind $kind"
	"$TRUCE" lab show "$kind" --json >"$scratch/json" || fail "$kind has no JSON"
	validate lab-show "$scratch/json"
done
"$made" "$TRUCE_LAB_DIR/level.sqlite" isolation 4 1 || fail "no experiment without an effect"
"$made" "$TRUCE_LAB_DIR/strong.sqlite" isolation 5 0.5 || fail "no experiment with a strong effect"

# Each further loaded VM was made to cost a tenth: 0.81 with three.
found isolation "VM1's rate was 1[89]\.[0-9] % lower with 3 loaded VMs than with 1 loaded VM"
found isolation "95 % interval: 1[789].[0-9] to [12][0-9].[0-9] % lower; 12 boots"
found strong "7[45]\.[0-9] % lower with 3 loaded VMs"
found level "No difference was found in VM1's rate by 2 of 2 comparisons"
found aa "Two equal measurements came out the same"
found idle "Nothing can be concluded: the VMs beside VM1 did not load"
found few "Nothing can be concluded: too few boots, 9 of at least 10"
found duet "10\.[0-9] % lower\|9\.[0-9] % lower"

"$TRUCE" lab list --json >"$scratch/json" || fail "no list as JSON"
validate lab-list "$scratch/json"
"$TRUCE" lab list >"$scratch/text"
grep -q "^isolation:1 .*finished .* tcg .*Do others change" "$scratch/text" || fail "$(cat "$scratch/text")"

"$TRUCE" lab compare isolation strong >"$scratch/text" || fail "no comparison"
grep -q "^loaded=3 .* differs" "$scratch/text" || fail "compare: $(cat "$scratch/text")"
grep -q "compared unpaired" "$scratch/text" || fail "compare does not say that it is unpaired"
grep -q "Their hosts say the same of themselves" "$scratch/text" || fail "compare: $(cat "$scratch/text")"
"$TRUCE" lab compare sequence sequence >"$scratch/text" || fail "no comparison of sequences"
grep -q " differs$" "$scratch/text" && fail "something is concluded from two sequences"
"$TRUCE" lab compare isolation isolation --json >"$scratch/json" || fail "no comparison as JSON"
validate lab-compare "$scratch/json"
grep -q '"verdict":"differs"' "$scratch/json" && fail "an experiment differs from itself"
"$TRUCE" lab compare isolation duet >"$scratch/text" 2>&1 && fail "two without a cell in common are compared"
grep -q "no compared cell in common" "$scratch/text" || fail "$(cat "$scratch/text")"

# Without gnuplot a report is complete but for its pictures, and one sentence says so.
PATH="$scratch/nothing" "$TRUCE" lab show isolation --report "$scratch/bare" >"$scratch/text" 2>"$scratch/err" ||
	fail "no report without gnuplot: $(cat "$scratch/err")"
expect_equal "sentences" 1 "$(grep -c "tables and numbers are complete: gnuplot is not installed" "$scratch/err")"
for file in report.html dose.tsv dose.gp; do
	[ -s "$scratch/bare/$file" ] || fail "without gnuplot there is no $file"
done
grep -q "tables and numbers are complete" "$scratch/bare/report.html" || fail "the page does not say so"

# Mistakes are told.
"$TRUCE" lab show isolatoin >"$scratch/text" 2>&1 && fail "an experiment that is not there is shown"
grep -q "did you mean isolation?" "$scratch/text" || fail "$(cat "$scratch/text")"
"$TRUCE" lab show isolation:7 >"$scratch/text" 2>&1 && fail "a run that is not there is shown"
grep -q "no experiment 7, but 1" "$scratch/text" || fail "$(cat "$scratch/text")"
echo "no database" >"$TRUCE_LAB_DIR/broken.sqlite"
"$TRUCE" lab list >"$scratch/text" 2>"$scratch/err"
expect_equal "exit code with a broken file" 3 $?
grep -q "broken.sqlite" "$scratch/err" || fail "which file is broken is not said"
grep -q "^isolation:1" "$scratch/text" || fail "one broken file hides the others"
mkdir "$scratch/there"
"$TRUCE" lab export isolation "$scratch/there" >/dev/null 2>&1 && fail "an export writes over what is there"
exit 0
