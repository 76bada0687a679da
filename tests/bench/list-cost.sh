#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `truce list` from start to exit with 100 real VMs, half of which spin. The bar: 30 ms of CPU.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_root
need_kvm

# list ARGUMENT...: the median of 11 runs
list() {
	figures=$("$SOURCE_ROOT/tests/bench/cpu_of.py" 11 "$TRUCE" list "$@") || fail "no figures"
	set -- "truce list $*" $figures
	case $7 in 0 | 3) ;; *) fail "$1 ended with $7" ;; esac
	printf '%-24s %8s %8s %8s %8s %8s  %s\n' "$1" "$2" "$3" "$4" "$5" "$6" "$(reached "$4" 30)"
}

fleet --vms 100 --spin 0.5
bench_head "truce list with 100 VMs, ms of CPU from start to exit (bar: 30 together)"
echo "command                      user   system together    least     most"
list
list --json
list --over 0
