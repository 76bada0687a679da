#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Once all is merged truce ksm tune is calm; the birth of a VM, which KVM tells of, begins a sweep. Where
# processes wait for CPUs ksmd stands still, and KSM's settings are given back from there too.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
need_ksm_for_oneself
[ -r /proc/pressure/cpu ] || skip "needs a kernel that tells pressure"
need_program qemu-system-x86_64 qemu-system-x86
export TRUCE_RUN_DIR="$scratch/run" TRUCE_STATE_DIR="$scratch/state"
values() { cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs"; }
before=$(values)

# Something for ksmd to look at.
background qemu-system-x86_64 -nodefaults -no-user-config -display none -S -m 32 -accel tcg

# begin_tuning OPTION...
begin_tuning() {
	: >"$scratch/tune.out"
	background env --default-signal=INT,HUP "$TRUCE" ksm tune "$@" >"$scratch/tune.out" 2>"$scratch/tune.err"
	tuner=$pid
}
end_tuning() {
	kill -INT "$tuner"
	wait "$tuner" || fail "it ended with $?: $(cat "$scratch/tune.err")"
	expect_equal "KSM's settings afterwards" "$before" "$(values)"
}
tells() { tail -n 1 "$scratch/tune.out" | grep -q "$1"; }
told() { grep -q "$1" "$scratch/tune.out"; }
tell() { cat "$scratch/tune.out" "$scratch/tune.err"; }

# Where memory of others grows just then, a sweep begins for that: then another one is born.
begin_tuning --waiting 100
for birth in 1 2 3 4 5; do
	poll_until 60 tells '  calm  ' || fail "it does not come to rest: $(tell)"
	background "$TINY_VMM" run --vms 1 --name "newborn$birth-$$"
	poll_until 5 told 'sweep  a VM was born' && break
done
told 'sweep  a VM was born' || fail "a birth is not heeded: $(tell)"
end_tuning

begin_tuning --waiting 25
for _ in $(seq $((3 * $(nproc)))); do
	background sh -c 'while :; do :; done'
done
poll_until 60 told '  yield  somebody waits for a CPU: ksmd stands still' || fail "it does not stand still: $(tell)"
expect_equal "whether ksmd runs" 0 "$(cat "$ksm/run")"
end_tuning
