#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What list and dump print as JSON validates against the schemas in doc/format, has no key
# twice, and has every figure that the schema names.
. "$SOURCE_ROOT/tests/claims/lib.sh"

python=/usr/bin/python3
$python -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
[ -x "$BUILD_ROOT/src/cmd/synthetic_recording" ] || skip "needs the unit tests' recordings"

check='
import json, sys, warnings
import jsonschema
def once(pairs):
    keys = [key for key, value in pairs]
    twice = {key for key in keys if keys.count(key) > 1}
    assert not twice, f"keys that come twice: {twice}"
    return dict(pairs)
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
count = 0
for line in open(sys.argv[2], encoding="utf-8"):
    validator.validate(json.loads(line, object_pairs_hook=once))
    count += 1
assert count >= int(sys.argv[3]), f"{count} documents"
'
validate() {
	$python -c "$check" "$SOURCE_ROOT/doc/format/$1.schema.json" "$2" "$3" || fail "$2"
}

validate dump "$SOURCE_ROOT/tests/golden/snapshot.json" 1
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/recording" 4 30 || fail "no recording"
"$TRUCE" dump "$scratch/recording" >"$scratch/dump" || fail "no dump"
validate dump "$scratch/dump" 30
"$TRUCE" dump live --interval 50ms --for 120ms >"$scratch/live" 2>"$scratch/err"
[ $? -le 3 ] || fail "$(cat "$scratch/err")"
validate dump "$scratch/live" 2
"$TRUCE" list --json --over 50ms >"$scratch/list" 2>"$scratch/err"
[ $? -le 3 ] || fail "$(cat "$scratch/err")"
validate list "$scratch/list" 1
for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	[ -d "$host/proc" ] || continue
	"$TRUCE" list --json --root "$host" >"$scratch/list" 2>"$scratch/err"
	[ $? -le 3 ] || fail "$(cat "$scratch/err")"
	validate list "$scratch/list" 1
done
