#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Of three processes whose contents are known by a recipe, what would be saved, estimated before anything
# is merged, is what KSM saves when it has converged: within 2 % or 1 MB a VM, for idle, identical, random,
# mixed memory, one page many times over, and zero pages; KSM's knobs are afterwards as they were.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
ksm=/sys/kernel/mm/ksm
[ -w "$ksm/run" ] || skip "needs a kernel with KSM"
values() {
	cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs" "$ksm/use_zero_pages" 2>/dev/null
}
before=$(values)

status=0
python3 "$SOURCE_ROOT/tests/ksm/would_save.py" 32 3 0 >"$scratch/out" 2>"$scratch/err" || status=$?
cat "$scratch/out" "$scratch/err"
case $status in
0) ;;
77) skip "$(tail -n 1 "$scratch/out")" ;;
*) fail "what KSM saves is not what was estimated" ;;
esac
expect_equal "KSM's knobs afterwards" "$before" "$(values)"
