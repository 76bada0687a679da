#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# On a host that systemd runs, host.vm_weight is the weight of machine.slice: of a guest in it and an
# ordinary process in system.slice that spin on one core, the guest gets four times as much with 400,
# also after a daemon-reload, and as much as the other before and afterwards.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

[ -x /lib/systemd/systemd ] || skip "needs systemd (Debian package systemd)"
need_program systemd-run systemd
need_kvm
inside_box --kvm --systemd --timeout 400s
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
SPIN_SLACK=1.4

spin systemd-run --quiet --scope --slice=machine.slice --unit=machine-qemu-guest
vm_a=$vm
background systemd-run --quiet --scope --slice=system.slice --unit=other taskset -c "$core" \
	sh -c 'while :; do :; done'
vm_b=$pid
weight() { systemctl show --value -p CPUWeight machine.slice; }
before=$(weight)

# The slices weigh against each other only where the controller is.
systemctl set-property --runtime system.slice CPUWeight=100
measure 6
expect_ratio "before" 0.8 1.25
hold host.vm_weight=400@host
grep '^outcome' "$scratch/turn"
expect_equal "the weight of machine.slice" 400 "$(weight)"
expect_equal "in the kernel" 400 "$(cat /sys/fs/cgroup/machine.slice/cpu.weight)"
measure 6
expect_ratio "all VMs 400" 3.5 4.5
systemctl daemon-reload
expect_equal "after a daemon-reload" 400 "$(cat /sys/fs/cgroup/machine.slice/cpu.weight)"
let_go
expect_equal "the weight afterwards" "$before" "$(weight)"
measure 6
expect_ratio "given back" 0.8 1.25
