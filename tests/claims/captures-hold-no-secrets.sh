#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Passwords and keys among a VM's arguments, and its environment, are not in a capture; the rest
# of the arguments is, and the capture says how many it masked.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program qemu-system-x86_64 qemu-system-x86

word=hush$$
HIDDEN_IN_THE_ENVIRONMENT=$word-e
export HIDDEN_IN_THE_ENVIRONMENT
background qemu-system-x86_64 -accel tcg -S \
	-nodefaults -display none -name "keeper$$" \
	-object "secret,id=sec0,data=$word-a" \
	-object "{\"qom-type\":\"secret\",\"id\":\"sec1\",\"data\":\"$word-b\"}" \
	-fw_cfg "name=opt/test,string=$word-c"
listed() { "$TRUCE" list --no-header --over 0 -o name 2>/dev/null | grep -q "keeper$$"; }
poll_until 20 listed || fail "the guest is not listed"

"$TRUCE" capture "$scratch/host" >"$scratch/said" 2>&1
[ $? -le 3 ] || fail "$(cat "$scratch/said")"
if grep -rlaF "$word" "$scratch/host" >"$scratch/found"; then
	fail "secrets are in $(cat "$scratch/found")"
fi
[ -z "$(find "$scratch/host" -name environ)" ] || fail "an environment was captured"
tr '\0' ' ' <"$scratch/host/proc/$pid/cmdline" >"$scratch/arguments"
expect_match "arguments" "-object secret,id=sec0,data=\*\*\* -object .*\"sec1\",\"data\":\"\*\*\*\"" \
	"$(cat "$scratch/arguments")"
expect_match "arguments" "-fw_cfg name=opt/test,string=\*\*\*" "$(cat "$scratch/arguments")"
masked=$(sed -n 's/^\([0-9]*\) arguments\{0,1\} that look.*/\1/p' "$scratch/said")
[ "${masked:-0}" -ge 3 ] || fail "it says: $(cat "$scratch/said")"
[ -z "$(find "$scratch/host" -perm /077 ! -type l)" ] || fail "others may read the capture"
expect_match "the list" "keeper$$" "$("$TRUCE" list --root "$scratch/host")"
