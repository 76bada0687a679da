#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truce doctor answers everywhere, as a user too; its JSON keeps to the schema and tells what the
# table tells; its exit code says whether something is limited.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

python=/usr/bin/python3
[ -x "$python" ] || skip "needs python3"

# examine NAME [OPTION...]
examine() {
	name=$1
	shift
	"$TRUCE" doctor --json "$@" >"$scratch/json"
	status=$?
	"$python" "$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/doctor.schema.json" \
		<"$scratch/json" >"$scratch/out"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/out")" ;;
	*) fail "$name: $(cat "$scratch/out")" ;;
	esac
	complaints=$("$python" -c '
import json, sys
checks = json.load(sys.stdin)["checks"]
print(sum(check["state"] in ("limited", "missing") for check in checks))' <"$scratch/json")
	expect_equal "$name: exit code with $complaints complaints" \
		"$([ "$complaints" -eq 0 ] && echo 0 || echo 3)" "$status"
	rows=$("$TRUCE" doctor "$@" | grep -Ec ' (ok|limited|missing|off|unknown) ')
	expect_equal "$name: rows of the table" 19 "$rows"
}

examine "this machine"
for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	examine "$host" --root "$host"
done
