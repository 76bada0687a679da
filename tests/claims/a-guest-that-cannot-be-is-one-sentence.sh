#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without a needed module, one whose modules are another's, a file that is no kernel, a
# guest that does not fit, a kernel that panics: one sentence each, and nothing runs afterwards.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
need_program qemu-system-x86_64 qemu-system-x86
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
read -r kernel modules <"$scratch/kernel"
release=${modules##*/}
export TRUCE_SCRATCH="$scratch/place"
mkdir "$scratch/place"

# refused WHAT PATTERN NAME=VALUE...
refused() {
	what=$1 pattern=$2
	shift 2
	expect_exit 1 "$guest_up" "$@" </dev/null
	expect_equal "lines that say why of $what" 1 "$(wc -l <"$scratch/err")"
	expect_match "$what" "$pattern" "$(cat "$scratch/err")"
}

copy=$scratch/few/lib/modules/$release
mkdir -p "$copy"
cp "$modules/modules.builtin" "$copy"
grep -v 'virtio_blk.ko' "$modules/modules.dep" >"$copy/modules.dep"
refused "a missing module" "has no module virtio_blk, which this guest needs, neither built in nor in $scratch/few" \
	"kernel=$kernel" "modules=$scratch/few" disk=16
refused "modules of nobody" "are not the modules of" "kernel=$kernel" "modules=$scratch"
echo "no kernel" >"$scratch/text"
refused "a text" "is no x86 kernel" "kernel=$scratch/text"
refused "too much memory" "does not fit: this host has [0-9]+ MiB left" memory=100000000
refused "a disk that is too large" "no room for a disk of" disk=1000000000
refused "a place that is not there" "/nonexistent" disk=16 place=/nonexistent
refused "a kernel that panics" "Kernel panic - not syncing" words=init=/nowhere\ rdinit=/nowhere
expect_equal "what is left" "" "$(find "$TRUCE_SCRATCH" -mindepth 1)"
