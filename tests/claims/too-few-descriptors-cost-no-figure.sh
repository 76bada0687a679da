#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where there are too few file descriptors to keep every VM's files open, they are opened at each
# sample: one sentence says so, and no figure of any VM is missing.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

"$SOURCE_ROOT/tests/hosts/generate.py" "$scratch/host" 40 || fail "no host was made"

# dump DESCRIPTORS: the last of some snapshots, as "PID FIGURE" for each figure that is there.
cat >"$scratch/figures.py" <<'END'
import json, sys
for line in sys.stdin:
    last = json.loads(line)
for vm in last["vms"]:
    for name, figure in sorted(vm.items()):
        if figure is not None:
            print(vm["pid"], name)
    for vcpu in vm["vcpus"]:
        for name, figure in sorted(vcpu.items()):
            if figure is not None:
                print(vm["pid"], vcpu["index"], name)
END
dump() {
	status=0
	(
		ulimit -n "$1" || exit 9
		exec "$TRUCE" dump --json --root "$scratch/host" --interval 1s --for 3s
	) >"$scratch/json" 2>"$scratch/err" || status=$?
	/usr/bin/python3 "$scratch/figures.py" <"$scratch/json" || fail "dump ended with $status"
}

dump 2000 >"$scratch/enough"
expect_equal "exit status with enough" 0 "$status"
[ "$(wc -l <"$scratch/enough")" -gt 1000 ] || fail "too few figures are there at all"
for few in 150 90 50; do
	dump $few >"$scratch/few"
	expect_equal "exit status with $few" 3 "$status"
	expect_equal "sentences with $few" 1 "$(wc -l <"$scratch/err")"
	expect_match "the sentence with $few" '^truce dump: too few file descriptors' \
		"$(cat "$scratch/err")"
	cmp -s "$scratch/enough" "$scratch/few" ||
		fail "with $few descriptors: $(diff "$scratch/enough" "$scratch/few" | grep -c '^<') figures less"
done
