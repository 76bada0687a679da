#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's QEMU dies with the program that started it, killed with SIGKILL too; what that left on
# the disk the next run sweeps away. A user's image is afterwards as it was before. A host's disk
# that runs full ends a guest with a sentence.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
need_program qemu-system-x86_64 qemu-system-x86
need_program qemu-img qemu-utils
# With a disk, so that its driver is in it.
"$guest_up" "initramfs=$scratch/initramfs" disk=16 >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
read -r kernel modules <"$scratch/kernel"
[ -n "$modules" ] || fail "a kernel without modules"
mkdir "$scratch/place"
export TRUCE_SCRATCH="$scratch/place"
mkfifo "$scratch/orders"

ready_or_dead() {
	grep -q '^ready' "$scratch/said" || ! kill -0 "$up" 2>/dev/null
}

# up NAME=VALUE...: a guest that is ready, its orders at descriptor 3.
up() {
	"$guest_up" "$@" <"$scratch/orders" >"$scratch/said" 2>"$scratch/why" &
	up=$!
	exec 3>"$scratch/orders"
	poll_until 120 ready_or_dead
	grep -q '^ready' "$scratch/said" || fail "no agent answered: $(cat "$scratch/why")"
	qemu=$(sed -n 's/^ready.*pid //p' "$scratch/said")
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

said() {
	grep -q "$1" "$scratch/said"
}

left() {
	find "$TRUCE_SCRATCH" -mindepth 1
}

# Killed.
up disk=64 monitor=1 balloon=1
[ -S "$(left | grep '\.qmp$')" ] || fail "no monitor for others, which was asked for"
kill -KILL "$up"
wait "$up" 2>/dev/null
exec 3>&-
poll_until 10 gone "$qemu" || fail "QEMU outlived the program that started it"
[ -n "$(left)" ] || fail "nothing was left: what is it that the next run sweeps?"

# The next run ends as it should, and nothing is left of either.
up disk=64 format=qcow2
echo off >&3
wait "$up" || fail "a guest that was switched off is told as: $(cat "$scratch/why")"
exec 3>&-
gone "$qemu" || fail "QEMU is still there"
expect_equal "what is left" "" "$(left)"

# A user's image: the guest writes all over it.
head -c 16777216 /dev/urandom >"$scratch/image"
before=$(sha256sum <"$scratch/image")
up "image=$scratch/image" "kernel=$kernel" "initrd=$scratch/initramfs" words=truce.disks=1
echo "work disk-write file=/dev/disk/root size=16M block=1M overwrite=yes direct=yes" >&3
has_written() {
	[ "$(cat "/proc/$qemu/io" 2>/dev/null | sed -n 's/^write_bytes: //p')" -gt 16777216 ]
}
poll_until 60 has_written || fail "the guest wrote nothing: $(cat "$scratch/said")"
echo off >&3
wait "$up" || fail "a guest with an image ended as: $(cat "$scratch/why")"
exec 3>&-
expect_equal "the image" "$before" "$(sha256sum <"$scratch/image")"

# A place that is too small for what the guest writes.
[ "$(id -u)" -eq 0 ] || skip "all but a full disk, which needs root for a small file system"
mkdir "$scratch/small"
mount -t tmpfs -o size=48M tmpfs "$scratch/small" || skip "all but a full disk: nothing can be mounted"
at_exit "umount '$scratch/small'"
expect_exit 1 "$guest_up" disk=64 "place=$scratch/small"
expect_match "the refusal" 'no room for a disk of 64 MiB in .*, where [0-9]+ MiB are free' \
	"$(cat "$scratch/err")"
up disk=128 format=qcow2 "place=$scratch/small"
echo "work disk-write file=/data/file size=100M block=1M" >&3
poll_until 60 gone "$up" || fail "a guest whose host has no room left is not told"
wait "$up" && fail "a host without room is no failure"
exec 3>&-
expect_match "the sentence" 'stands still: there is no room left on this host' \
	"$(cat "$scratch/why")"
poll_until 10 gone "$qemu" || fail "QEMU is still there"
