#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How soon KSM has merged what can be merged, and for how much CPU time of ksmd: truce ksm tune beside
# stock settings, ksmtuned's loop and a grid of fixed settings, in turn on guests that are begun anew each
# time; then what tune costs once it is calm. Stock alone takes minutes a round:
#   ksm-tune.sh [ROUNDS [GUESTS [MEGABYTES [LIMIT SECONDS [CALM SECONDS]]]]]
# What others' VMs have in memory on this host is looked at by ksmd as well, and is said.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
need_program python3
ksm=/sys/kernel/mm/ksm
[ -w "$ksm/run" ] || skip "needs a kernel with KSM"
[ "$(cat "$ksm/run")" = 0 ] || skip "needs a host on which KSM stands still"
[ -e /proc/self/ksm_merging_pages ] || skip "needs a kernel that tells what a process shares (6.1)"
rounds=${1:-3}
guests=${2:-4}
megabytes=${3:-120}
limit=${4:-240}
calm=${5:-60}
export TRUCE_RUN_DIR="$scratch/run" TRUCE_STATE_DIR="$scratch/state"

before=$(cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs")
measure() { python3 "$SOURCE_ROOT/tests/bench/ksm_tune.py" "$@"; }

bench_head "KSM: time to 95 % of what can be merged, and MB merged for each second of ksmd"
round=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	for regime in tune 100/20 ksmtuned 500/20 1000/10 2000/10 5000/10 20000/10; do
		measure run "$regime" "$guests" "$megabytes" "$limit" >>"$scratch/results" ||
			fail "$regime could not be measured"
	done
done
measure calm "$guests" "$megabytes" "$calm" >>"$scratch/results" || fail "the end could not be measured"
measure report "$scratch/results" || fail "nothing was measured"
expect_equal "KSM's settings afterwards" "$before" \
	"$(cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs")"
