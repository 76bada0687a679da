#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# As after-kill-9-no-knob-is-left-wrong, on a host with cgroup v2: 40 kills of adjusters of 20
# processes. The controllers that were given to children for it are taken back, too.
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box

# One processor: under emulation a second one now and then runs into the instruction that the
# first is patching when a quota comes into use, and the box's kernel dies (QEMU 7.2).
# shellcheck disable=SC2016
in_box 0 --cpus 1 -- sh -c '
	export TRUCE_RUN_DIR=/run/truce
	mkfifo /run/until
	: >/run/pids
	"$0" vms 20 </run/until >/run/pids &
	exec 9>/run/until
	while [ "$(wc -l </run/pids)" -lt 20 ]; do sleep 0.1; done
	before=$(cat /sys/fs/cgroup/cgroup.subtree_control)
	"$0" kills 40 $(cat /run/pids) || exit 1
	now=$(cat /sys/fs/cgroup/cgroup.subtree_control)
	[ "$now" = "$before" ] || { echo "controllers were \"$before\" and are \"$now\""; exit 1; }
	! ls -d /sys/fs/cgroup/truce* 2>/dev/null
' "$BUILD_ROOT/tests/act/adjuster"
grep '^40 kills' "$scratch/out" || fail "no kills: $(cat "$scratch/out")"
