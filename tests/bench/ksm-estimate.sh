#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What KSM would save, estimated whole and by a sample of contents, against what is true by the recipes
# of what the memory was filled with, and against what KSM then saves. The bars: 2 % or 1 MB a VM; 5 %
# sampled.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_root
bench_head "what KSM would save, and what it saves (bars: 2 % or 1 MB a VM, 5 % sampled 1 in 20)"
status=0
python3 "$SOURCE_ROOT/tests/ksm/would_save.py" "${MIB:-64}" 4 "${SAMPLINGS:-20}" || status=$?
[ "$status" -le 1 ] || exit "$status"
