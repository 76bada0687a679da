#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A libvirt domain's CPU knobs are turned through libvirt: of two that spin on one core each gets
# what its weight, nice, quota or pins say, libvirt itself tells so, and tells afterwards what it
# told before.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
# shellcheck source=tests/act/libvirt.sh
. "$SOURCE_ROOT/tests/act/libvirt.sh"
[ -x "$turn" ] || skip "needs the program that turns knobs, which was not built"
if [ "${1:-}" != inside ]; then
	libvirt_inside "$0" inside
	inside_status=$?
	[ $inside_status -ne 3 ] || exit 77
	exit $inside_status
fi

schedinfo() {
	virsh -q -c qemu:///system schedinfo spins-a --live
}

schedinfo_says() {
	expect_match "libvirt's schedinfo" "^$1 +: $2\$" "$(schedinfo)"
}

libvirt_pair
schedinfo >"$scratch/before"
virsh -q -c qemu:///system vcpupin spins-a --live >"$scratch/pins"

hold "cpu.weight=400@$vm_a" "cpu.weight=100@$vm_b"
schedinfo_says cpu_shares '(4096|400)'
measure 4
let_go
expect_ratio "weights 400 and 100" 3.6 4.4

hold "cpu.nice=0@$vm_a" "cpu.nice=5@$vm_b"
measure 4
let_go
expect_ratio "nice 0 and 5" 2.6 3.5

hold "cpu.quota=0.05 CPUs@$vm_a"
schedinfo_says global_quota 5000
measure 4
let_go
expect_part "a quota of a twentieth" 0.03 0.065

hold "cpu.affinity=0@$vm_a"
expect_match "its vCPU's pin" '^ *0 +0$' "$(virsh -q -c qemu:///system vcpupin spins-a --live)"
let_go

# A process that calls itself by another domain's name and uuid turns nothing of that domain.
uuid=$(virsh -q -c qemu:///system domuuid spins-a)
background qemu-system-x86_64 -name guest=spins-a,debug-threads=on -uuid "$uuid" -accel tcg -m 32 \
	-display none -nodefaults -no-user-config -chardev null,id=charmonitor
stranger=$pid
listed() { "$TRUCE" list --json | grep -q "\"pid\": *$stranger"; }
poll_until 20 listed || fail "the process that claims to be a domain is not listed"
"$turn" "cpu.weight=777@$stranger" </dev/null >"$scratch/refused" 2>&1
expect_match "what comes of it" 'libvirt says that another process is' "$(cat "$scratch/refused")"
kill "$stranger" && wait "$stranger" 2>/dev/null

expect_equal "libvirt's schedinfo afterwards" "$(cat "$scratch/before")" "$(schedinfo)"
expect_equal "libvirt's pins afterwards" "$(cat "$scratch/pins")" \
	"$(virsh -q -c qemu:///system vcpupin spins-a --live)"
