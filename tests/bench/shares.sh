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
# shellcheck source=tests/act/libvirt.sh
. "$SOURCE_ROOT/tests/act/libvirt.sh"
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

inside_libvirt() {
	libvirt_pair
	row "libvirt's guests (TCG)"
}

libvirts_guests() {
	libvirt_inside "$0" libvirt >"$scratch/libvirt.out" 2>&1
	case $? in
	0) cat "$scratch/libvirt.out" ;;
	3) echo "libvirt's guests: not measured, $(tail -n 1 "$scratch/libvirt.out")" ;;
	*) fail "not measured under libvirt: $(cat "$scratch/libvirt.out")" ;;
	esac
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
