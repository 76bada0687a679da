#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What is claimed of balloons, of KSM's knobs and of the weight of all VMs together holds in a box, too:
# on another kernel, whose cgroups are v2's, with guests that run under KVM.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
need_kvm
# holds CLAIM [OPTION...]: in a box of its own.
holds() {
	claim=$1
	shift
	box_ended=0
	run_box --kvm --memory 3G --timeout 290s "$@" --env SOURCE_ROOT="$SOURCE_ROOT" \
		--env BUILD_ROOT="$BUILD_ROOT" --env TINY_VMM="$TINY_VMM" --env TRUCE="$TRUCE" \
		--env SPIN_SLACK=1.4 -- sh "$SOURCE_ROOT/tests/claims/$claim.sh" || box_ended=$?
	cat "$scratch/out" "$scratch/err"
	[ "$box_ended" -ne 77 ] || skip "in the box, $claim: $(tail -n 1 "$scratch/out")"
	[ "$box_ended" -eq 0 ] || fail "in the box, $claim ended with $box_ended"
	echo "$claim: holds in the box"
}

holds all-vms-go-before-other-processes-where-asked
holds ksm-knobs-are-turned-and-given-back
# One of thirty Linux guests stands still where the emulated KVM has two processors, none of 87 did
# where it has one.
holds a-balloon-takes-memory-and-gives-it-back --cpus 1
