#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Once the observer is warm, its ticks over an unchanged set of VMs allocate nothing, the cold ones,
# the looks at vCPUs and the slow scans included. Here on a host of files; real VMs have a claim
# of their own.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

[ -x "$BENCH_DIR/tick_allocations" ] || skip "needs tick_allocations, which was not built"
"$SOURCE_ROOT/tests/hosts/generate.py" "$scratch/host" 50 || fail "no host was made"
"$BENCH_DIR/tick_allocations" 50 100 "$scratch/host"
status=$?
[ $status -ne 77 ] || skip "the sanitizer has an allocator of its own"
[ $status -eq 0 ] || fail "ticks allocated, see above"
