#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What doc/findings.md tells of an experiment is computed again from the raw figures that are kept
# in experiments/results: each NAME.sqlite gives NAME.txt, byte for byte. To write them anew:
# for f in experiments/results/*.sqlite; do truce lab show $f >${f%.sqlite}.txt; done
. "$SOURCE_ROOT/tests/claims/lib.sh"

seen=0
for kept in "$SOURCE_ROOT"/experiments/results/*.sqlite; do
	name=$(basename "$kept" .sqlite)
	cp "$kept" "$scratch/$name.sqlite"
	"$TRUCE" lab show "$scratch/$name.sqlite" >"$scratch/$name.txt" || fail "$name cannot be read"
	diff -u "${kept%.sqlite}.txt" "$scratch/$name.txt" || fail "$name says something else now"
	grep -q "results/$name" "$SOURCE_ROOT/doc/findings.md" ||
		fail "doc/findings.md does not tell of $name"
	[ "$(stat -c %s "$kept")" -lt 1000000 ] || fail "$name is too large to be kept: see thin.py"
	seen=$((seen + 1))
done
[ "$seen" -gt 0 ] || fail "no result is kept"
