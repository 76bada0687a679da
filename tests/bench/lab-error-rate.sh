#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How often the laboratory is wrong, on real guests: its intervals must cover "no difference" where
# there is none, and it must find what was injected. Whose arm was slowed down, the analysis does
# not know (lab_error_rate.py). Each experiment has boots of its own. Coverage over resamplings
# takes all runs without injection: ten boots are drawn, in each two runs with labels at random.
#
#   EXPERIMENTS=20        of each of the two kinds; the bars are of 20. About 4 minutes each
#   SEED=1                of what is injected where
#   LAB_ERROR_DIR=DIR     keeps them there, and goes on where it was stopped
. "$SOURCE_ROOT/tests/bench/lib.sh"

experiments=${EXPERIMENTS:-2}
directory=${LAB_ERROR_DIR:-$scratch/lab}
judge="python3 $SOURCE_ROOT/tests/bench/lab_error_rate.py"
export TRUCE_LAB_DIR="$directory"

command -v qemu-system-x86_64 >/dev/null || skip "needs qemu-system-x86_64"
command -v python3 >/dev/null || skip "needs python3"
[ -x "$BENCH_DIR/lab_resample" ] || skip "lab_resample was not built"
mkdir -p "$directory" || skip "cannot make $directory"

bench_head "How often the laboratory is wrong: $experiments experiments of each kind"
$judge plan "$directory" "$experiments" "${SEED:-1}" || exit 1
echo "load a minute, before each and at the end:"
for name in $($judge list "$directory"); do
	printf '%s ' "$(cut -d ' ' -f 1 /proc/loadavg)"
	[ -e "$directory/$name.done" ] && continue
	if "$TRUCE" lab run --seed "${SEED:-1}${name#error-}" "$directory/$name.lua" >"$directory/$name.log" 2>&1; then
		touch "$directory/$name.done"
	else
		tail -n 2 "$directory/$name.log"
	fi
done
cut -d ' ' -f 1 /proc/loadavg
echo

for hidden in $($judge blind "$directory"); do
	"$TRUCE" lab show --json "$directory/$hidden.sqlite" >"$directory/$hidden.json" || exit 1
done
# shellcheck disable=SC2046
"$BENCH_DIR/lab_resample" 2000 10 "${SEED:-1}" $($judge pool "$directory") || exit 1
$judge judge "$directory"
