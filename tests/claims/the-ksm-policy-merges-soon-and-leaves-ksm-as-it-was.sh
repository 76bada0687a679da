#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truced with the policy ksm-tune does what truce ksm tune does: what is alike is merged within seconds, ksmd
# crawls then, and once the policy is unloaded KSM's settings are as they were. Beside it truce ksm tune is
# refused in one sentence.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

need_root
need_ksm_for_oneself
[ -e /proc/self/ksm_merging_pages ] || skip "needs a kernel that tells what a process shares (6.1)"
need_program qemu-system-x86_64 qemu-system-x86

values() { cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs"; }
before=$(values)
# Whatever else this machine does meanwhile: here ksmd does not stand still for it.
sed 's/low = percent(18), high = percent(25)/low = percent(110), high = percent(120)/' \
	"$SOURCE_ROOT/policies/ksm-tune.lua" >"$scratch/ksm-tune.lua"

head -c 8388608 /dev/urandom >"$scratch/fill"
guests=
for number in 1 2; do
	background qemu-system-x86_64 -nodefaults -no-user-config -display none -S -m 32 -accel tcg \
		-name "alike$number" -device loader,file="$scratch/fill",addr=0x1000000,force-raw=on
	guests="$guests $pid"
done
are_filled() {
	for guest in $guests; do
		[ "$(awk '{ print $2 - $3 }' "/proc/$guest/statm")" -ge 4096 ] || return 1
	done
}
poll_until 60 are_filled || fail "the guests do not get their memory"

truced_conf '[truced]' 'mode = enforce' '[vm *]' 'managed = no'
truced_start
expect_exit 1 env TRUCE_LIBEXEC="$BUILD_ROOT/src/cmd" "$TRUCE" ksm tune --for 1s
expect_match "why not" 'truced runs here' "$(cat "$scratch/err")"
expect_exit 0 "$TRUCE" policy load "$scratch/ksm-tune.lua"

# 2048 pages in each of two guests.
are_merged() {
	for guest in $guests; do
		[ "$(cat "/proc/$guest/ksm_merging_pages")" -ge 1945 ] || return 1
	done
}
poll_until 60 are_merged || fail "what is alike is not merged: $(values)"
crawls() { [ "$(cat "$ksm/sleep_millisecs")" = 1000 ]; }
poll_until 60 crawls || fail "it does not come to rest: $(values)"
expect_exit 0 "$TRUCE" policy unload ksm-tune
is_as_before() { [ "$(values)" = "$before" ]; }
poll_until 20 is_as_before || fail "KSM was not left as it was found: $(values)"
truced_end TERM
expect_equal "KSM's settings in the end" "$before" "$(values)"
