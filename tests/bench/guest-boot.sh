#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Built-in guests from power-on to an agent that answers: one alone, and four at once. The bars are
# 3 s and 10 s, under TCG on two cores. On a busy machine BEFORE_OTHERS=1 (root) has it go before
# all other sessions, for the seconds that it takes: this one, and each guest's own.
set -eu

if [ "${BEFORE_OTHERS:-}" = 1 ]; then
	BEFORE_OTHERS=guests; export BEFORE_OTHERS
	exec setsid -w sh -c 'echo -20 >/proc/self/autogroup; exec sh "$0"' "$0"
fi

rounds=${ROUNDS:-5}
boot=$BENCH_DIR/guest_boot

[ -x "$boot" ] || { echo "guest_boot was not built"; exit 77; }
command -v qemu-system-x86_64 >/dev/null || { echo "needs qemu-system-x86_64"; exit 77; }

echo "$(date -u +%F), Linux $(uname -r), $(nproc) CPUs, load $(cut -d' ' -f1-3 /proc/loadavg)"

# measure GUESTS BAR_MSEC [ARGUMENT...]: the median of the rounds.
measure() {
	guests=$1 bar=$2
	shift 2
	said=$("$boot" "$guests" "$rounds" "$@" 2>&1) || { echo "$said"; exit 77; }
	echo "$said" | sed -n 's/^# //p'
	echo "$said" | grep -v '^#' | sort -n | awk -v guests="$guests" -v bar="$bar" -v more="$*" '
		{ wall[NR] = $1; cpu[NR] = $2 }
		END {
			median = wall[int((NR + 1) / 2)]
			printf "%d guest(s)%s: median %d ms of %d rounds (%d to %d), ", guests,
				more != "" ? " (vcpus, MiB, disk MiB: " more ")" : "", median, NR,
				wall[1], wall[NR]
			printf "QEMU CPU %d ms; bar %d ms: %s\n", cpu[int((NR + 1) / 2)], bar,
				median <= bar ? "reached" : "not reached"
		}'
}

measure 1 3000
measure 1 3000 2 256 64
measure 4 10000
