#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same experiment gives the same page, pictures and JSON, byte for byte, wherever its file lies and
# whatever the time zone and the locale; and what is exported makes all of them again.
. "$SOURCE_ROOT/tests/claims/lib.sh"

made=$BUILD_ROOT/src/lab/result/made-experiment
[ -x "$made" ] || skip "needs the unit tests' experiments"
[ -x "$BUILD_ROOT/src/cmd/truce-lab" ] || skip "truce-lab is not built here"
need_program gnuplot gnuplot-nox
export TRUCE_LAB_DIR="$scratch/lab"
mkdir "$TRUCE_LAB_DIR"

for kind in isolation aa duet sequence idle few hostile; do
	"$made" "$TRUCE_LAB_DIR/$kind.sqlite" "$kind" 11 || fail "no experiment of kind $kind"
	"$TRUCE" lab show "$kind" --report "$scratch/one" >/dev/null || fail "no report of $kind"
	cp "$TRUCE_LAB_DIR/$kind.sqlite" "$scratch/elsewhere.sqlite"
	TZ=Pacific/Auckland LC_ALL=C HOME=/nonexistent "$TRUCE" lab show "$scratch/elsewhere.sqlite:1" \
		--report "$scratch/two" >/dev/null || fail "no second report of $kind"
	diff -r "$scratch/one" "$scratch/two" >"$scratch/differ" || fail "$kind: $(cat "$scratch/differ")"
	[ -s "$scratch/one/changes.svg" ] || fail "$kind has no picture"

	"$TRUCE" lab export "$kind" "$scratch/export" || fail "no export of $kind"
	"$scratch/export/redraw" >"$scratch/said" 2>&1 || fail "$kind: redraw: $(cat "$scratch/said")"
	"$scratch/export/repeat" >"$scratch/said" 2>&1 || fail "$kind: repeat: $(cat "$scratch/said")"
	cmp -s "$scratch/one/report.html" "$scratch/export/report.html" || fail "the export's page of $kind differs"
	# Each number of a picture can be changed, and then it is another picture.
	sed -i '40s/^[0-9.]*/50/' "$scratch/export/distribution.tsv"
	"$scratch/export/redraw" >/dev/null 2>&1 && fail "redraw does not see that a number of $kind was changed"
	rm -r "$scratch/one" "$scratch/two" "$scratch/export" "$scratch/elsewhere.sqlite"
done
exit 0
