#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Of two guests that spin on one core, each CPU knob takes from one what it should, beside the
# other as a control, on whatever cgroups this host has; afterwards they are equal again, and the
# process is in the cgroup that it was in.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
# shellcheck source=tests/act/spin.sh
. "$SOURCE_ROOT/tests/act/spin.sh"
[ -x "$turn" ] || skip "needs the program that turns knobs, which was not built"
seconds=${CPU_KNOBS_SECONDS:-4}
spin_pair setsid
cat "/proc/$vm_a/cgroup" >"$scratch/cgroup"

# knob ITEM...: turned, measured, given back.
knob() {
	hold "$@"
	measure "$seconds"
	let_go
}

measure "$seconds"
expect_ratio "before" 0.9 1.1

knob "cpu.weight=400@$vm_a" "cpu.weight=100@$vm_b"
expect_ratio "weights 400 and 100" 3.6 4.4

knob "cpu.weight=100@$vm_a" "cpu.weight=10@$vm_b"
expect_ratio "weights 100 and 10" 8.5 11.5

knob "cpu.nice=0@$vm_a" "cpu.nice=5@$vm_b"
expect_ratio "nice 0 and 5 ($(where cpu.nice "$vm_b"))" 2.6 3.5

knob "cpu.idle=1@$vm_a" "cpu.weight=100@$vm_b"
expect_ratio "idle beside a busy one" 0 0.05

# So little that a busy machine leaves it that much all the same.
knob "cpu.quota=0.05 CPUs@$vm_a" "cpu.weight=100@$vm_b"
expect_part "a quota of a twentieth" 0.03 0.06

hold "cpu.affinity=0@$vm_a"
measure "$seconds"
expect_equal "the CPUs of $vm_a" 0 \
	"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$vm_a/status")"
let_go
expect_equal "the CPUs of $vm_a afterwards" "$core" \
	"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$vm_a/status")"

# A partition of v2: no other process may use its CPU, this one neither. Where systemd runs, a VM
# has to have a unit of its own first, and v1 has no such thing: both are said.
"$turn" "cpu.exclusive=0@$vm_a" </dev/null >"$scratch/turn" 2>&1
if grep -q '^outcome .* cpu.exclusive applied 0 (cpuset.cpus.partition)' "$scratch/turn"; then
	hold "cpu.exclusive=0@$vm_a"
	expect_equal "the CPUs that are left to this process" "$core" \
		"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)"
	let_go
else
	expect_match "why not" 'cpu_exclusive does not keep out|no unit of its own in systemd' \
		"$(cat "$scratch/turn")"
fi

# Burst is for guests that leave some of their quota: it is read back where the kernel has it.
hold "cpu.quota=0.5 CPUs@$vm_a" "cpu.burst=20 ms@$vm_a"
expect_match "the burst" "^reads $vm_a cpu.burst 20 ms " "$(cat "$scratch/turn")"
let_go

measure "$seconds"
expect_ratio "afterwards" 0.9 1.1
expect_equal "the cgroups of $vm_a" "$(cat "$scratch/cgroup")" "$(cat "/proc/$vm_a/cgroup")"
