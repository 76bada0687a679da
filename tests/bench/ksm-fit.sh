#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How many VMs of two kinds a host of stated memory holds, with KSM off and on: predicted from two of
# each, written down, then counted by starting VMs until the host has reached its memory line. The
# host is a box; its VMs are processes that imitate guests (tests/ksm/fill.c), so that what is alike
# in them is known.
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_program python3
need_box
# KSM_FIT_PREDICT=1: the predictions alone. KSM_FIT_KINDS: not both.
mkdir "$scratch/out.d"
cp "$BUILD_ROOT/tests/ksm/fill" "$scratch/out.d/qemu-system-fill" || skip "needs tests/ksm/fill"
bench_head "VMs that fit into a box of 1 GiB: predicted from two, and counted"

# kind RECIPE-OF-ALL RECIPE-OF-ONE: %d is the VM's number.
kind() {
	"$TRUCE" lab box --memory 1G --timeout 1200s --writable "$scratch/out.d" \
		--env "TRUCE=$TRUCE" --env "TRUCE_LIBEXEC=$TRUCE_LIBEXEC" --env "FILL=$scratch/out.d/qemu-system-fill" \
		--env "PREDICT=${KSM_FIT_PREDICT:-}" --console "$scratch/console" -- \
		python3 "$SOURCE_ROOT/tests/bench/ksm_fit.py" "$@" "$scratch/out.d" ||
		fail "the box: $(tail -n 5 "$scratch/console")"
}
for name in ${KSM_FIT_KINDS:-alike apart}; do
	case $name in
	alike) kind alike data:24:7,zero:8,data:32:%d ;;
	apart) kind apart text:10:8,data:6:9:2,data:48:%d,changing:1:%d:50 ;;
	esac
done
