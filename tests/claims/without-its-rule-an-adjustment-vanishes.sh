#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The rule that a plan names for an adjustment is what made it: of each shipped policy every rule is taken
# out in turn, and in the replay just its adjustments are gone. (A running truced gives them back:
# what-truced-does-is-explained.)
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

TRUCE_LIBEXEC=$BUILD_ROOT/src/decide
export TRUCE_LIBEXEC
cat >"$scratch/judge.py" <<'END'
import json, sys

def read(path):
    with open(path) as file:
        return [item for item in json.load(file)["items"] if item["verdict"] != "held"]

def key(item):
    return (item["monotonic_usec"], item["vm"], item["setting"], item["verdict"], item["to"],
            item["cause"]["rule"])

before, after, rule = read(sys.argv[1]), read(sys.argv[2]), sys.argv[3]
its = [item for item in before if item["cause"]["rule"] == rule]
if not its:
    sys.exit(f"rule {rule} does nothing on its recording")
if any(item["cause"]["rule"] == rule for item in after):
    sys.exit(f"rule {rule} is gone, and its adjustments are not")
# Where it had its way an intent may have it now; what it never touched is as it was.
touched = {(item["vm"], item["setting"]) for item in its}
def untouched(items):
    return [key(item) for item in items if (item["vm"], item["setting"]) not in touched]
if untouched(before) != untouched(after):
    sys.exit(f"without rule {rule} others adjust otherwise")
END

# without RULE <POLICY: the file up to that rule, and from its end on: `}` at the beginning of a line.
without() {
	awk -v head="rule \"$1\" {" '$0 == head { gone = 1 } !gone { print } gone && /^}/ { gone = 0 }'
}

tried=0
for policy in "$SOURCE_ROOT"/policies/*.lua; do
	name=$(basename "$policy" .lua)
	recording=$SOURCE_ROOT/policies/recordings/$name.truce
	expect_exit 0 "$TRUCE" policy replay --json "$policy" "$recording"
	cp "$scratch/out" "$scratch/before"
	sed -n 's/^rule "\(.*\)" {$/\1/p' "$policy" >"$scratch/rules"
	[ -s "$scratch/rules" ] || fail "$name: no rule found"
	while IFS= read -r rule; do
		without "$rule" <"$policy" >"$scratch/$name.lua"
		cmp -s "$policy" "$scratch/$name.lua" && fail "$name: rule $rule is still there"
		expect_exit 0 "$TRUCE" policy replay --json "$scratch/$name.lua" "$recording"
		python3 "$scratch/judge.py" "$scratch/before" "$scratch/out" "$rule" || fail "$name"
		tried=$((tried + 1))
	done <"$scratch/rules"
done
[ "$tried" -ge 9 ] || fail "only $tried rules"
