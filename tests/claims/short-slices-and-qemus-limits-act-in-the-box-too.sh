#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What is claimed of a short slice and of QEMU's own limits of a disk holds in a box, too: on another
# kernel, whose cgroups are v2's, with guests that run under KVM.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
need_kvm
for claim in a-short-slice-lets-a-vm-run-at-once a-guests-disk-is-held-back-and-no-other; do
	actual_status=0
	"$TRUCE" lab box --kvm --load loop --memory 2G --timeout 400s --console "$scratch/console" \
		--env SOURCE_ROOT="$SOURCE_ROOT" --env BUILD_ROOT="$BUILD_ROOT" --env TINY_VMM="$TINY_VMM" \
		--env TRUCE="$TRUCE" -- sh "$SOURCE_ROOT/tests/claims/$claim.sh" \
		>"$scratch/out" 2>&1 || actual_status=$?
	cat "$scratch/out"
	[ "$actual_status" -ne 77 ] || skip "in the box, $claim: $(tail -n 1 "$scratch/out")"
	[ "$actual_status" -eq 0 ] || fail "in the box, $claim ended with $actual_status"
	echo "$claim: holds in the box"
done
