#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An experiment's VMs may be libvirt's domains with the agent in them: `%` in the name is the VM's
# number. They are started for it, loaded, sampled on the host and in the guest, and shut off in the
# end, whatever ends it. What cannot be is refused before anything starts, or in one sentence.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
# shellcheck source=tests/act/libvirt.sh
. "$SOURCE_ROOT/tests/act/libvirt.sh"
if [ "${1:-}" != inside ]; then
	[ -x "$BUILD_ROOT/src/lab/guest/truce-lab-domain" ] || skip "built without libvirt"
	libvirt_inside "$0" inside
	inside_status=$?
	[ $inside_status -ne 3 ] || exit 77
	exit $inside_status
fi

virsh() {
	command virsh -q -c qemu:///system "$@"
}

define() {
	cat >"$scratch/$1.xml" <<END
<domain type='qemu'><name>$1</name><memory unit='MiB'>160</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>$kernel</kernel>
<initrd>$scratch/initramfs</initrd><cmdline>quiet panic=-1 no_timer_check tsc=unstable</cmdline></os>
<features><acpi/></features><cpu mode='maximum'/>
<devices><emulator>$(command -v qemu-system-x86_64)</emulator>
<controller type='usb' model='none'/><memballoon model='none'/>
<channel type='unix'><target type='virtio' name='truce.agent'/></channel></devices></domain>
END
	virsh define "$scratch/$1.xml" >/dev/null || fail "libvirt does not define $1"
}

all_shut_off() {
	[ -z "$(virsh list --name)" ]
}

runs() {
	[ "$(virsh domstate "$1")" = running ]
}

# ask NAME SQL: of the experiment's store.
ask() {
	/usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
		"$TRUCE_LAB_DIR/$1.sqlite" "$2"
}

# spec NAME VMS [MORE]
spec() {
	cat >"$scratch/$1.lua" <<END
return experiment {
	name = "$1", asks = "Do two domains slow each other down?",
	vms = { $2, accel = "tcg" },
	subject = { work = "cpu-integer" },
	boots = 1, warmup = 0*s, duration = 4*s, proof = 20*s, ${3:-}
}
END
}

# refused SENTENCE NAME: before anything is started.
refused() {
	expect_exit 1 "$TRUCE" lab run "$scratch/$2.lua"
	expect_match "the refusal of $2" "$1" "$(cat "$scratch/err")"
	[ -e "$TRUCE_LAB_DIR/$2.sqlite" ] && fail "$2 was refused, and left a store"
	all_shut_off || fail "$2 was refused, and left a domain"
}

"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
read -r kernel _ <"$scratch/kernel"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

libvirtd_start
# libvirt locks a channel's socket there; the fresh /run has none.
mkdir -p /run/lock
define lab-1
define lab-2

spec once 'domain = "lab-1", count = 2'
refused '2 VMs need as many domains' once
spec own 'domain = "lab-%", count = 2' 'disk = "each",'
refused 'a libvirt domain has the disks and networks that it is defined with' own
spec both 'domain = "lab-1", image = "debian"'
refused 'are two guests' both

spec pair 'domain = "lab-%", count = 2'
expect_exit 0 "$TRUCE" lab run -n "$scratch/pair.lua"
expect_match "the plan" '2 libvirt domains \(lab-%\)' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" lab run "$scratch/pair.lua"
cat "$scratch/out" "$scratch/err"
poll_until 30 all_shut_off || fail "a domain is left: $(virsh list --name)"
expect_equal "members that did something" 4 "$(ask pair "select count(*) from member join run
	on run.id = member.run join boot on boot.id = run.boot where boot.state = 'done' and
	run.state = 'done' and exists (select 1 from interval i where i.run = member.run and
	i.vm = member.vm and i.operations > 0)")"
for source in vm1 vm2 guest1 guest2; do
	expect_equal "whether $source was sampled" 1 \
		"$(ask pair "select count(*) > 0 from sample where source = '$source'")"
done
expect_equal "its platform" tcg "$(ask pair "select platform from experiment")"

# There is none of this name; and one that runs already is somebody else's. Neither is tried again.
spec nobody 'domain = "lab-nobody"'
expect_exit 1 "$TRUCE" lab run "$scratch/nobody.lua"
expect_match "a domain that is not there" "nobody-vm1: libvirt has no domain of this name" "$(cat "$scratch/err")"
virsh start lab-2 >/dev/null || fail "lab-2 does not start"
spec taken 'domain = "lab-2"'
expect_exit 1 "$TRUCE" lab run "$scratch/taken.lua"
expect_match "a domain that runs" "runs already" "$(cat "$scratch/err")"
runs lab-2 || fail "somebody else's domain was ended"
virsh destroy lab-2 >/dev/null

# Killed in the middle, it can end nothing itself.
background "$TRUCE" lab run "$scratch/pair.lua" >"$scratch/said" 2>"$scratch/told"
run=$pid
poll_until 120 runs lab-2 || fail "lab-2 was not started: $(cat "$scratch/told")"
kill -KILL "$run"
wait "$run" 2>/dev/null
poll_until 60 all_shut_off || fail "a domain outlived the experiment: $(virsh list --name)"
