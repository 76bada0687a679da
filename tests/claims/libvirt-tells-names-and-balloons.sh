#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest of a real libvirtd is listed by libvirt's name and uuid, as libvirt's, with its vCPUs, and its
# balloon is what libvirt says. libvirtd runs in a mount namespace with a configuration of its own;
# where one is running already, nothing is tried.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
for program in libvirtd virsh qemu-system-x86_64 unshare; do
	command -v $program >/dev/null || skip "$program is not installed"
done
[ ! -S /run/libvirt/libvirt-sock ] || skip "a libvirtd is running here, which is left alone"
plugin=$(find "$BUILD_ROOT/src/sys" -name 'truce_libvirt.so' | head -n 1)
[ -n "$plugin" ] || skip "built without libvirt"

# The cgroups that libvirt makes outlive its guests.
for directory in /sys/fs/cgroup /sys/fs/cgroup/*; do
	if [ -d "$directory" ] && [ ! -e "$directory/machine" ]; then
		at_exit "find '$directory/machine' -depth -type d -exec rmdir {} + 2>/dev/null"
	fi
done

cat >"$scratch/guest.xml" <<END
<domain type='qemu'><name>claimed guest</name><uuid>6ba7b810-9dad-11d1-80b4-00c04fd430c8</uuid>
<memory unit='MiB'>96</memory><currentMemory unit='MiB'>80</currentMemory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>$(command -v qemu-system-x86_64)</emulator><memballoon model='virtio'/></devices></domain>
END

cat >"$scratch/inside.sh" <<'END'
set -u
for directory in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run; do
	mkdir -p "$directory" && mount -t tmpfs -o mode=755 tmpfs "$directory" || exit 1
done
printf '%s\n' 'user = "root"' 'group = "root"' 'dynamic_ownership = 0' 'remember_owner = 0' \
	'security_driver = "none"' 'stdio_handler = "file"' 'namespaces = []' >/etc/libvirt/qemu.conf
mkdir -p /etc/libvirt/qemu
libvirtd --pid-file "$scratch/libvirtd.pid" >"$scratch/libvirtd.out" 2>&1 &
libvirtd=$!
finish() {
	virsh -q destroy 'claimed guest' >/dev/null 2>&1
	kill "$libvirtd" 2>/dev/null && wait "$libvirtd"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP
tries=200
until virsh -q -c qemu:///system version >/dev/null 2>&1; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || { cat "$scratch/libvirtd.out" >&2; exit 1; }
	sleep 0.1
done
virsh -q -c qemu:///system create "$scratch/guest.xml" >/dev/null || exit 1
TRUCE_PLUGIN_DIR=${plugin%/*} "$TRUCE" list --json --with balloon 'claimed guest' >"$scratch/json"
virsh -q -c qemu:///system dommemstat 'claimed guest' >"$scratch/dommemstat"
END
export scratch plugin TRUCE
unshare -m --propagation private sh "$scratch/inside.sh" || fail "libvirtd or its guest did not start"

actual_kb=$(awk '$1 == "actual" { print $2 }' "$scratch/dommemstat")
[ -n "$actual_kb" ] || fail "virsh tells no balloon: $(cat "$scratch/dommemstat")"
/usr/bin/python3 - "$scratch/json" "$actual_kb" <<'END' || fail "the list says otherwise: $(cat "$scratch/json")"
import json
import sys

(vm,) = json.load(open(sys.argv[1]))["vms"]
assert vm["name"] == "claimed guest", vm["name"]
assert vm["uuid"] == "6ba7b810-9dad-11d1-80b4-00c04fd430c8", vm["uuid"]
assert vm["owner"] == "libvirt" and vm["vmm"] == "qemu" and vm["accel"] == "tcg", vm["owner"]
assert len(vm["vcpus"]) == 2 and all(vcpu["tid"] for vcpu in vm["vcpus"]), vm["vcpus"]
assert vm["balloon_actual_bytes"] == int(sys.argv[2]) * 1024, vm["balloon_actual_bytes"]
END
