#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Of a guest of a real libvirtd the disk's tuning, the interface's bandwidth and the balloon's target
# are turned through libvirt, whose own answers say so, and given back: what libvirt forgets unless
# it is told together (a limit of both ways beside one's own, a peak beside an average) is there again.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

for program in libvirtd virsh qemu-system-x86_64 tc; do
	command -v $program >/dev/null || skip "$program is not installed"
done
# In a box: libvirt shapes with sfq and police, which not every kernel has.
plugin=$(find "$BUILD_ROOT/src/sys" -name 'truce_libvirt.so' | head -n 1)
[ -n "$plugin" ] || skip "built without libvirt"

inside_box --timeout 500s --load tun --load bridge
for module in sch_htb sch_sfq sch_ingress cls_u32 cls_fw act_police; do
	modprobe "$module" || skip "the box has no $module"
done

truncate -s 16M "$scratch/disk"
ip link add bridge type bridge
ip link set bridge up
cat >"$scratch/guest.xml" <<END
<domain type='qemu'><name>turned</name><uuid>6ba7b810-9dad-11d1-80b4-00c04fd430c9</uuid>
<memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>$(command -v qemu-system-x86_64)</emulator><memballoon model='virtio'/>
<disk type='file' device='disk'><source file='$scratch/disk'/><target dev='vda' bus='virtio'/>
<iotune><write_bytes_sec>7000000</write_bytes_sec></iotune></disk>
<interface type='bridge'><source bridge='bridge'/><target dev='tap-turned'/>
<bandwidth><inbound average='5000' peak='9000' burst='64'/></bandwidth></interface></devices></domain>
END

# The box's root is not written to.
for directory in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run; do
	mkdir -p "$directory" && mount -t tmpfs -o mode=755 tmpfs "$directory" || skip "needs mounts"
done
printf '%s\n' 'user = "root"' 'group = "root"' 'dynamic_ownership = 0' 'remember_owner = 0' \
	'security_driver = "none"' 'stdio_handler = "file"' 'namespaces = []' >/etc/libvirt/qemu.conf
mkdir -p /etc/libvirt/qemu
background libvirtd --pid-file "$scratch/libvirtd.pid" >"$scratch/libvirtd.out" 2>&1
virsh() { command virsh -q -c qemu:///system "$@"; }
answers() { virsh version >/dev/null 2>&1; }
poll_until 60 answers || fail "libvirtd does not answer: $(cat "$scratch/libvirtd.out")"
virsh create "$scratch/guest.xml" >/dev/null || fail "the guest did not start"
at_exit 'virsh destroy turned >/dev/null 2>&1'
guest=$(cat /run/libvirt/qemu/turned.pid)

# What is set, and not what is 0.
present() { sed -n 's/^\([a-z_.]*\) *: *\([1-9][0-9]*\)$/\1:\2/p' | sort | tr '\n' ' '; }
disk() { virsh blkdeviotune turned vda | present; }
interface() { virsh domiftune turned tap-turned | present; }
disk_before=$(disk)
interface_before=$(interface)
echo "before: $disk_before$interface_before"
expect_match "the disk before" '^write_bytes_sec:7000000 $' "$disk_before"

export TRUCE_PLUGIN_DIR="${plugin%/*}"
turn "disk.throttle=3 MB/s@$guest" "disk.throttle_operations=200/s@$guest" \
	"net.in_max=1 MB/s@$guest" "net.out_max=2 MB/s@$guest"
grep '^outcome' "$scratch/turn.out"
echo "turned: $(disk)$(interface)"
expect_equal "the disk" \
	"read_bytes_sec:3000000 read_iops_sec:200 write_bytes_sec:3000000 write_iops_sec:200 " "$(disk)"
expect_equal "the interface" "inbound.average:1000 outbound.average:2000 " "$(interface)"
expect_match "the tap's queue" 'rate 8Mbit' "$(tc class show dev tap-turned)"
turn_back
expect_equal "the disk afterwards" "$disk_before" "$(disk)"
expect_equal "the interface afterwards" "$interface_before" "$(interface)"

# No guest moves this balloon: what QEMU was asked is all there is to see.
turn --balloon 1 "memory.balloon=64 MiB@$guest"
expect_match "the balloon" "memory.balloon applied 64 MiB \(libvirt's balloon\)" "$(cat "$scratch/turn.out")"
turn_back
expect_exit 1 env TRUCE_RUN_DIR="$scratch/run" "$TURN" "net.out_min=1 MB/s@$guest" </dev/null
expect_match "the refusal" 'libvirt shapes its taps, and guarantees none of them' "$(cat "$scratch/out")"
