#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What list and dump print as JSON validates against the schemas in doc/format, has no key
# twice, and has every figure that the schema names.
. "$SOURCE_ROOT/tests/claims/lib.sh"

[ -x "$BUILD_ROOT/src/cmd/synthetic_recording" ] || skip "needs the unit tests' recordings"

validate() {
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/$1.schema.json" <"$2" >"$scratch/said"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/said")" ;;
	*) fail "$2: $(head -n 5 "$scratch/said")" ;;
	esac
}

validate dump "$SOURCE_ROOT/tests/golden/snapshot.json"
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/recording" 4 30 || fail "no recording"
"$TRUCE" dump "$scratch/recording" >"$scratch/dump" || fail "no dump"
validate dump "$scratch/dump"
expect_equal "snapshots" 30 "$(wc -l <"$scratch/dump")"
"$TRUCE" dump live --interval 50ms --for 120ms >"$scratch/live" 2>"$scratch/err"
[ $? -le 3 ] || fail "$(cat "$scratch/err")"
validate dump "$scratch/live"
"$TRUCE" list --json --over 50ms >"$scratch/list" 2>"$scratch/err"
[ $? -le 3 ] || fail "$(cat "$scratch/err")"
validate list "$scratch/list"
for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	[ -d "$host/proc" ] || continue
	"$TRUCE" list --json --root "$host" >"$scratch/list" 2>"$scratch/err"
	[ $? -le 3 ] || fail "$(cat "$scratch/err")"
	validate list "$scratch/list"
done
