#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A file of a VM that vanishes, is refused or ends in the middle costs that VM its figure, and nobody
# else anything: the other VMs of the same host are listed with all of theirs.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm

background "$TINY_VMM" run --vms 5 --vcpus 2 --spin 0.4 --name v --log "$scratch/log" >"$scratch/vms"
poll_until 30 grep -q '^ready' "$scratch/vms" || fail "the VMs were not there within 30 s"
awk '$1 == "vm" { print $2 }' "$scratch/log" | sort -n >"$scratch/ours"
victim=$(sed -n 3p "$scratch/ours")

# list RULES: our VMs as PID USER_USEC RUN_USEC VCPUS, "-" for a figure that is not known.
cat >"$scratch/lines.py" <<'END'
import json, sys
ours = {int(line) for line in open(sys.argv[1])}
for vm in json.load(sys.stdin)["vms"]:
    if vm["pid"] in ours:
        known = ["-" if vm[name] is None else "+" for name in
                 ("user_usec", "run_usec", "disk_read_bytes", "swap_bytes")]
        print(vm["pid"], *known, len(vm["vcpus"]))
END
list() {
	status=0
	TRUCE_FAULT=$1 "$TRUCE" list --json --over 0 >"$scratch/json" 2>"$scratch/err" || status=$?
	case $status in 0 | 3) ;; *) fail "with $1 it ended with $status: $(cat "$scratch/err")" ;; esac
	/usr/bin/python3 "$scratch/lines.py" "$scratch/ours" <"$scratch/json" >"$scratch/lines"
}

# others_are_whole RULES: and what is left of the victim is in $left.
others_are_whole() {
	list "$1"
	expect_equal "whole VMs with $1" 4 \
		"$(grep -v "^$victim " "$scratch/lines" | grep -c ' + + + + 2$')"
	left=$(sed -n "s/^$victim //p" "$scratch/lines")
}

list "read:/nothing=ESRCH"
expect_equal "whole VMs without faults" 5 "$(grep -c ' + + + + 2$' "$scratch/lines")"

others_are_whole "read:/proc/$victim/stat=ESRCH@2+"
expect_equal "a VM that vanishes after it was found" "" "$left"
others_are_whole "open:/proc/$victim/*=ENOENT"
expect_equal "a VM that has vanished" "" "$left"
others_are_whole "open:/proc/$victim/io=EACCES"
expect_equal "a VM whose io is refused" "+ + - + 2" "$left"
expect_equal "exit status then" 3 "$status"
others_are_whole "open:/proc/$victim/task/*/schedstat=ESRCH"
expect_equal "a VM whose threads are gone" "+ - + + 2" "$left"
others_are_whole "truncate:/proc/$victim/status=20"
expect_equal "a VM whose status ends early" "+ + + - 2" "$left"
others_are_whole "truncate:/proc/$victim/*=3"
