#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.vm_weight weighs the cgroup that holds the VMs against everything else: of a guest and of
# an ordinary process that spin on one core, the guest gets four times as much with 400, and half
# again afterwards. Where no cgroup holds VMs alone, that is said.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
[ -x "$turn" ] || skip "needs the program that turns knobs, which was not built"
v1_cpu=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpu(,|$)/ { print $2; exit }' /proc/mounts)
# base: where the CPU controller is; file: a cgroup's weight there, and what everybody's is.
base=$v1_cpu file=cpu.shares usual=1024
if [ -z "$v1_cpu" ]; then
	base=/sys/fs/cgroup file=cpu.weight usual=100
	echo +cpu >"$base/cgroup.subtree_control" || skip "needs a CPU controller"
fi
[ -z "$(find "$base/machine" -mindepth 1 -type d 2>/dev/null)" ] ||
	skip "libvirt has guests here, which are left alone"

spin setsid
vm_a=$vm
background setsid taskset -c "$core" sh -c 'while :; do :; done'
vm_b=$pid

"$turn" host.vm_weight=400@host </dev/null >"$scratch/refused" 2>&1
expect_match "without such a cgroup" 'no cgroup of this host holds VMs and nothing else' \
	"$(cat "$scratch/refused")"

at_exit "kill $vm_a 2>/dev/null; while [ -d /proc/$vm_a/task ]; do sleep 0.05; done
	rmdir '$base/$TURN_CGROUP/vm-claim' '$base/$TURN_CGROUP'"
mkdir "$base/$TURN_CGROUP" "$base/$TURN_CGROUP/vm-claim"
echo "$vm_a" >"$base/$TURN_CGROUP/vm-claim/cgroup.procs"
measure 4
expect_ratio "before" 0.85 1.15
hold host.vm_weight=400@host
measure 4
let_go
expect_ratio "all VMs 400" 3.5 4.5
expect_equal "their weight afterwards" "$usual" "$(cat "$base/$TURN_CGROUP/$file")"
