#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In a box whose processor virtualises, a guest runs under KVM without being told to, and is called
# what it is: the box's own processor is emulated.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
need_box

in_box 0 --kvm --cpus 1 --memory 2G --env TRUCE_SCRATCH=/tmp -- sh -c \
	"echo off | '$guest_up' memory=128 disk=16 pin=0 speed=8388608"
expect_match "a guest in a box with KVM" '^ready after [0-9]+ ms: kvm, emulated, ' \
	"$(cat "$scratch/out")"
cat "$scratch/out"
