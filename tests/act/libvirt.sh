# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A libvirtd by hand, in a mount namespace with a configuration of its own, and guests of it that
# spin; sourced after tests/act/spin.sh. What it makes outside ends with who sourced it.

# libvirt_inside SCRIPT ARGUMENT: the script again, where libvirtd_start may be called. Ends with 3
# and a sentence where this machine cannot.
libvirt_inside() {
	for program in libvirtd virsh qemu-system-x86_64 unshare; do
		command -v $program >/dev/null || { echo "$program is not installed"; return 3; }
	done
	[ ! -S /run/libvirt/libvirt-sock ] || { echo "a libvirtd runs here already"; return 3; }
	plugin=$(find "$BUILD_ROOT/src/sys" -name truce_libvirt.so | head -n 1)
	[ -n "$plugin" ] || { echo "built without libvirt"; return 3; }
	# The cgroups that libvirt makes outlive its guests.
	for directory in /sys/fs/cgroup /sys/fs/cgroup/*; do
		if [ -d "$directory" ] && [ ! -e "$directory/machine" ]; then
			at_exit "find '$directory/machine' -depth -type d -exec rmdir {} + 2>/dev/null"
		fi
	done
	TRUCE_PLUGIN_DIR=${plugin%/*} unshare -m --propagation private sh "$1" "$2"
}

# A boot sector that jumps to itself.
spinning_disk() {
	printf '\353\376' >"$scratch/spin.img"
	dd if=/dev/zero bs=1 count=508 2>/dev/null >>"$scratch/spin.img"
	printf '\125\252' >>"$scratch/spin.img"
	truncate -s 1M "$scratch/spin.img"
}

domain() {
	cat >"$scratch/$1.xml" <<END
<domain type='qemu'><name>$1</name><memory unit='MiB'>64</memory>
<vcpu cpuset='$core'>1</vcpu><cputune><emulatorpin cpuset='$core'/></cputune>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
<devices><emulator>$(command -v qemu-system-x86_64)</emulator><disk type='file' device='disk'>
<driver name='qemu' type='raw'/><source file='$scratch/spin.img'/><target dev='hda' bus='ide'/>
<shareable/></disk></devices></domain>
END
	virsh -q -c qemu:///system create "$scratch/$1.xml" >/dev/null || fail "libvirt makes no $1"
}

libvirtd_start() {
	for directory in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run; do
		mkdir -p "$directory" && mount -t tmpfs -o mode=755 tmpfs "$directory" || exit 1
	done
	mkdir -p /etc/libvirt/qemu
	printf '%s\n' 'user = "root"' 'group = "root"' 'dynamic_ownership = 0' \
		'remember_owner = 0' 'security_driver = "none"' 'stdio_handler = "file"' \
		'namespaces = []' >/etc/libvirt/qemu.conf
	background libvirtd --pid-file "$scratch/libvirtd.pid" >"$scratch/libvirtd" 2>&1
	poll_until 30 virsh -q -c qemu:///system version >/dev/null 2>&1 ||
		fail "no libvirtd: $(cat "$scratch/libvirtd")"
}

# Whether it got past its BIOS: a tenth of a second of CPU time in a second.
spins() {
	spins_before=$(run_nsec "$1")
	sleep 1
	[ $(($(run_nsec "$1") - spins_before)) -gt 100000000 ]
}

# libvirt_pair: two guests that spin, in $vm_a and $vm_b.
libvirt_pair() {
	libvirtd_start
	spinning_disk
	at_exit "for name in spins-a spins-b; do virsh -q -c qemu:///system destroy \$name \
		>/dev/null 2>&1; done"
	domain spins-a
	domain spins-b
	vm_a=$(cat /run/libvirt/qemu/spins-a.pid)
	vm_b=$(cat /run/libvirt/qemu/spins-b.pid)
	poll_until 60 spins "$vm_a" && poll_until 60 spins "$vm_b" || fail "the guests do not spin"
}
