#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Asking libvirt for the statistics of 32 guests, against a tick over the same guests. The bars: its
# cheap call (state, CPU and vCPU) costs at least 100 times the CPU of a tick a VM, all statistics 300
# times. The guests run under TCG from a boot sector that halts, half of them from one that spins.
#
# libvirtd is started here with a configuration of its own, in a mount namespace: neither a
# libvirt of this machine nor its files are touched. Where one is running, this is skipped.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

guests=${TRUCE_GUESTS:-32}
rounds=${TRUCE_ROUNDS:-4}

need_root
need_program libvirtd libvirt-daemon-system
need_program virsh libvirt-clients
need_program qemu-system-x86_64 qemu-system-x86
need_program unshare util-linux
[ -x "$BENCH_DIR/libvirt_cost" ] || skip "needs libvirt's library to build with (libvirt-dev)"
[ ! -S /run/libvirt/libvirt-sock ] || skip "a libvirtd is running here, which is left alone"

available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
[ "$available" -gt $((guests * 130)) ] ||
	skip "needs $((guests * 130)) MB of free memory (TRUCE_GUESTS=N makes fewer guests)"

# The cgroups that libvirt makes outlive its guests.
for directory in /sys/fs/cgroup /sys/fs/cgroup/*; do
	if [ -d "$directory" ] && [ ! -e "$directory/machine" ]; then
		at_exit "find '$directory/machine' -depth -type d -exec rmdir {} + 2>/dev/null"
	fi
done

# An EBFE or F4EBFD is all that the guest does.
boot_sector() {
	printf "$2" >"$1"
	truncate -s 510 "$1"
	printf '\125\252' >>"$1"
	truncate -s 64K "$1"
	chmod 644 "$1"
}

guest_xml() {
	cat <<-END
		<domain type='qemu'><name>guest$1</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
		<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
		<devices><emulator>$(command -v qemu-system-x86_64)</emulator>
		<disk type='file' device='disk'><driver name='qemu' type='raw'/>
		<source file='$2'/><target dev='vda' bus='virtio'/><readonly/></disk>
		<memballoon model='virtio'/></devices></domain>
	END
}

cat >"$scratch/inside.sh" <<'END'
set -eu
for directory in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run; do
	mkdir -p "$directory"
	mount -t tmpfs -o mode=755 tmpfs "$directory"
done
cat >/etc/libvirt/qemu.conf <<'CONF'
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
stdio_handler = "file"
namespaces = []
CONF
mkdir -p /etc/libvirt/qemu
libvirtd --pid-file "$scratch/libvirtd.pid" >"$scratch/libvirtd.out" 2>&1 &
libvirtd=$!
finish() {
	status=$?
	trap - EXIT
	for name in $(virsh -q list --name 2>/dev/null); do
		virsh -q destroy "$name" >/dev/null 2>&1 || true
	done
	kill "$libvirtd" 2>/dev/null && wait "$libvirtd" || true
	exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP
tries=200
until virsh -q -c qemu:///system version >/dev/null 2>&1; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || { cat "$scratch/libvirtd.out" >&2; exit 1; }
	sleep 0.1
done
n=0
while [ $n -lt "$guests" ]; do
	virsh -q -c qemu:///system create "$scratch/guest$n.xml" >/dev/null
	n=$((n + 1))
done
sleep 3 # until the firmware has come to the boot sectors
"$BENCH_DIR/libvirt_cost" "$libvirtd" "$rounds"
END

boot_sector "$scratch/spins" '\353\376'
boot_sector "$scratch/halts" '\364\353\375'
chmod 755 "$scratch"
n=0
while [ $n -lt "$guests" ]; do
	guest_xml $n "$scratch/$([ $((n % 2)) -eq 0 ] && echo spins || echo halts)" \
		>"$scratch/guest$n.xml"
	n=$((n + 1))
done
bench_head "libvirt's getAllDomainStats against a tick, CPU time"
export scratch guests rounds
# The guests take what others leave of the processors.
setsid sh -c 'echo 10 >/proc/self/autogroup 2>/dev/null; exec "$@"' sh \
	unshare --mount --propagation private sh "$scratch/inside.sh" ||
	fail "libvirt could not be measured"
