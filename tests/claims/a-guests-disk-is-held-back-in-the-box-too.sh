#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a-guests-disk-is-held-back-and-no-other claims holds in a box, too: by io.max of cgroup v2, and
# by the throttle of a QEMU whose guest runs under KVM.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
box_ended=0
run_box --kvm --cpus 1 --memory 2G --timeout 400s --load loop --env SOURCE_ROOT="$SOURCE_ROOT" \
	--env BUILD_ROOT="$BUILD_ROOT" --env TRUCE="$TRUCE" --env DISK_OPERATIONS=20 -- \
	sh "$SOURCE_ROOT/tests/claims/a-guests-disk-is-held-back-and-no-other.sh" || box_ended=$?
cat "$scratch/out" "$scratch/err"
[ "$box_ended" -ne 77 ] || skip "in the box: $(tail -n 1 "$scratch/out")"
[ "$box_ended" -eq 0 ] || fail "in the box it ended with $box_ended"
