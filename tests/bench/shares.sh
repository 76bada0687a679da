#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two guests that spin on one core, weights 400 and 100: what their CPU time comes to, by
# /proc/TID/schedstat, where weights arbitrate in five different ways; and beside it what nice 0
# and 6 of their threads (worth 3.76 where it counts) comes to. Both in turn, three times.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_root
need_kvm
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
seconds=${TRUCE_SHARES_SECONDS:-6}
# A box is emulated on what the machine leaves it: it takes longer for chance to even out.
box_seconds=${TRUCE_SHARES_BOX_SECONDS:-20}

ratio() {
	measure "$seconds"
	awk -v a="$ran_a" -v b="$ran_b" 'BEGIN { printf "%.3f\n", a / b }'
}

with_weights() {
	hold "cpu.weight=400@$vm_a" "cpu.weight=100@$vm_b"
	ratio >>"$scratch/weights"
	let_go
}

renice_vm() {
	for renice_thread in /proc/"$2"/task/*; do
		renice -n "$1" -p "${renice_thread##*/}" >/dev/null
	done
}

with_nice() {
	renice_vm 6 "$vm_b"
	ratio >>"$scratch/nice"
	renice_vm 0 "$vm_b"
}

median() {
	sort -n "$1" | sed -n 2p
}

# row NAME: the pair in $vm_a and $vm_b, three times each way, in turn.
row() {
	: >"$scratch/weights"
	: >"$scratch/nice"
	for row_round in 1 2 3; do
		with_weights
		with_nice
	done
	row_where=$(where cpu.weight "$vm_a")
	row_ratio=$(median "$scratch/weights")
	row_off=$(awk -v r="$row_ratio" 'BEGIN { d = r / 4 - 1; print d < 0 ? -d : d }')
	printf '%-30s %-16s %-42s %-12s %s\n' "$1" \
		"$row_ratio ($(sort -n "$scratch/weights" | tr '\n' ' ' | sed 's/ $//'))" \
		"$row_where" "$(reached "$row_off" 0.05)" "$(median "$scratch/nice")"
}

# In a box, whose only cgroups are v2's, and in a mount namespace with a libvirtd.
inside_box() {
	spin_pair setsid
	row "v2 cgroups${1:+, systemd} (box)"
	end_pair
}

make_cgroup() {
	mkdir -p "$1"
	at_exit "rmdir '$1' 2>/dev/null"
	echo "$2" >"$1/cgroup.procs"
}

v1_cgroups() {
	v1_cpu=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpu(,|$)/ { print $2; exit }' /proc/mounts)
	[ -n "$v1_cpu" ] || { echo "v1 cgroups: not measured, this host has none"; return; }
	spin_pair setsid
	make_cgroup "$v1_cpu/truce-shares-a" "$vm_a"
	make_cgroup "$v1_cpu/truce-shares-b" "$vm_b"
	row "v1 cgroups"
	end_pair
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

inside_libvirt() {
	libvirtd_start
	spinning_disk
	at_exit "for name in shares-a shares-b; do virsh -q -c qemu:///system destroy \$name \
		>/dev/null 2>&1; done"
	domain shares-a
	domain shares-b
	vm_a=$(cat /run/libvirt/qemu/shares-a.pid)
	vm_b=$(cat /run/libvirt/qemu/shares-b.pid)
	poll_until 60 spins "$vm_a" && poll_until 60 spins "$vm_b" || fail "the guests do not spin"
	row "libvirt's guests (TCG)"
}

# Whether it got past its BIOS: a tenth of a second of CPU time in half a second.
spins() {
	spins_before=$(run_nsec "$1")
	sleep 0.5
	[ $(($(run_nsec "$1") - spins_before)) -gt 100000000 ]
}

libvirts_guests() {
	for program in libvirtd virsh qemu-system-x86_64 unshare; do
		command -v $program >/dev/null ||
			{ echo "libvirt's guests: not measured, $program is not installed"; return; }
	done
	[ ! -S /run/libvirt/libvirt-sock ] ||
		{ echo "libvirt's guests: not measured, a libvirtd runs here already"; return; }
	plugin=$(find "$BUILD_ROOT/src/sys" -name truce_libvirt.so | head -n 1)
	[ -n "$plugin" ] || { echo "libvirt's guests: not measured, built without"; return; }
	for directory in /sys/fs/cgroup /sys/fs/cgroup/*; do
		if [ -d "$directory" ] && [ ! -e "$directory/machine" ]; then
			at_exit "find '$directory/machine' -depth -type d -exec rmdir {} + 2>/dev/null"
		fi
	done
	TRUCE_PLUGIN_DIR=${plugin%/*} unshare -m --propagation private sh "$0" libvirt ||
		fail "not measured under libvirt"
}

boxes() {
	box_answer=$("$TRUCE" lab box --check 2>&1) ||
		{ echo "v2 cgroups: not measured, $box_answer"; return; }
	# shellcheck disable=SC2086
	"$TRUCE" lab box --kvm --timeout 600s $1 --env SOURCE_ROOT="$SOURCE_ROOT" \
		--env BUILD_ROOT="$BUILD_ROOT" --env TINY_VMM="$TINY_VMM" --env TRUCE="$TRUCE" \
		--env TRUCE_SHARES_SECONDS="$box_seconds" -- sh "$0" box $1 || fail "not measured in a box"
}

case ${1:-} in
box) inside_box "${2:-}"; exit ;;
libvirt) inside_libvirt; exit ;;
esac

bench_head "CPU time of two guests that spin on one core, weights 400 and 100: 4.0 within 5 %"
printf '%-30s %-16s %-42s %-12s %s\n' setting "ratio (all)" "what arbitrates" bar \
	"nice 0 and 6"
spin_pair env
row "one session"
end_pair
spin_pair setsid
row "different sessions, autogroup"
end_pair
v1_cgroups
libvirts_guests
boxes ""
boxes --systemd
