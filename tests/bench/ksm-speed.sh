#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How fast fingerprints are made and matched, what sketches and samples of positions are worth, and what a
# process that is busy pays for being looked at, at the limit that is the default (RATE, MB a second).
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_root
[ -e /sys/kernel/mm/ksm/run ] || skip "needs a kernel with KSM"
bench_head "fingerprints: speed, sketches, positions, and what a busy process pays"
python3 "$SOURCE_ROOT/tests/ksm/speed.py" "${MIB:-512}" "${ROUNDS:-100}" "${RATE:-268}" ||
	fail "it could not be measured"
