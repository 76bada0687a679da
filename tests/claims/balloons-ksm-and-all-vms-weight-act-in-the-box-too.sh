#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What is claimed of balloons, of KSM's knobs and of the weight of all VMs together holds in a box, too:
# on another kernel, whose cgroups are v2's, with guests that run under KVM.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
need_kvm
for claim in all-vms-go-before-other-processes-where-asked ksm-knobs-are-turned-and-given-back \
	a-balloon-takes-memory-and-gives-it-back; do
	actual_status=0
	"$TRUCE" lab box --kvm --memory 3G --timeout 290s --console "$scratch/console" \
		--env SOURCE_ROOT="$SOURCE_ROOT" --env BUILD_ROOT="$BUILD_ROOT" --env TINY_VMM="$TINY_VMM" \
		--env TRUCE="$TRUCE" --env SPIN_SLACK=1.4 -- sh "$SOURCE_ROOT/tests/claims/$claim.sh" \
		>"$scratch/out" 2>&1 || actual_status=$?
	cat "$scratch/out"
	[ "$actual_status" -ne 77 ] || skip "in the box, $claim: $(tail -n 1 "$scratch/out")"
	[ "$actual_status" -eq 0 ] || fail "in the box, $claim ended with $actual_status"
	echo "$claim: holds in the box"
done
