#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a cell wants of the peacemaker, a hold or a policy, is proved in each run: in force it counts;
# turned back by somebody else meanwhile, failed, or not to be done here, the run says why and counts
# for nothing.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
need_program qemu-system-x86_64 qemu-system-x86
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

# experiment NAME VARY [MORE]: one VM, a second of window for each value.
experiment() {
	cat >"$scratch/$1.lua" <<END
return experiment {
	name = "$1", asks = "Is it in force?",
	vms = { count = 1, memory = 96*MiB, accel = "tcg" }, subject = { work = "cpu-integer" },
	vary = { { "way", { name = "free" }, $2 } },
	boots = 1, warmup = 0.5*s, duration = ${3:-1}*s, proof = 30*s,
}
END
}

# policy NAME BODY: of VM1 alone.
policy() {
	cat >"$scratch/$1-calm.lua" <<END
policy "$1-calm"
interval (500 * ms)
class "subject" { name = "$1-vm1" }
rule "it" { class = "subject", run = function(vm, state, host) $2 end }
END
}

run() {
	"$TRUCE" lab run "$scratch/$1.lua" >"$scratch/said" 2>"$scratch/told" ||
		fail "$1 ended with $?: $(cat "$scratch/told")"
}

# ask NAME SQL: the first value.
ask() {
	/usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
		"$TRUCE_LAB_DIR/$1.sqlite" "$2"
}

# states NAME CELL: how its runs ended, in the boots that were done.
states() {
	ask "$1" "select group_concat(distinct run.state) from run join cell on cell.id = run.cell join boot
		on boot.id = run.boot where boot.state = 'done' and cell.label = 'way=$2'"
}

# why NAME: of the runs that were not proved.
why() {
	ask "$1" "select group_concat(distinct why) from run where state = 'unproved'"
}

# A policy at work, as a factor.
experiment good '{ name = "calm", policy = "good-calm.lua" }'
policy good 'vm:set("cpu.nice", 7, "so that it is seen")'
run good
expect_equal "runs with the policy" done "$(states good calm)"
expect_equal "runs without it" done "$(states good free)"
expect_equal "VM1's nice with it" 7 "$(ask good "select max(value) from sample join run on run.id = sample.run
	join cell on cell.id = run.cell where source = 'vm1' and figure in ('nice', 'autogroup_nice') and cell.label = 'way=calm'")"

# One that fails at each turn adjusts nothing.
experiment bad '{ name = "calm", policy = "bad-calm.lua" }'
policy bad 'error("no idea")'
run bad
expect_equal "runs with a policy that fails" unproved "$(states bad calm)"
expect_equal "runs without it" done "$(states bad free)"
expect_match "why" 'the policy bad-calm failed: .*no idea' "$(why bad)"

# One that knows none of the VMs.
experiment none '{ name = "calm", policy = "none-calm.lua" }'
policy none ''
sed -i 's/none-vm1/nobody-*/' "$scratch/none-calm.lua"
run none
expect_equal "runs with a policy without VMs" unproved "$(states none calm)"
expect_match "why" 'none of the VMs is in a class of the policy' "$(why none)"

# A hold that somebody else turns back again and again.
experiment lost '{ name = "held", ["hold.subject.cpu.quota"] = 0.5*cpu }' 3
qemu_of() {
	for process in /proc/[0-9]*; do
		tr '\0' ' ' 2>/dev/null <"$process/cmdline" | grep -q -- "-name [^ ]*$1" &&
			[ "$(cat "$process/comm" 2>/dev/null)" != truce ] && echo "${process#/proc/}"
	done
}
turn_back() {
	for vm in $(qemu_of lost-vm1); do
		own=$(sed -n 's/^[0-9]*:[^:]*\bcpu\b[^:]*://p; s/^0:://p' "/proc/$vm/cgroup" 2>/dev/null |
			head -n 1)
		for knob in "/sys/fs/cgroup/cpu$own/cpu.cfs_quota_us" "/sys/fs/cgroup$own/cpu.max"; do
			[ -w "$knob" ] || continue
			case $(cat "$knob" 2>/dev/null) in
			-1 | max*) ;;
			*)	case $knob in
				*.max) echo max ;;
				*) echo -1 ;;
				esac >"$knob" && echo "turned $knob back" >>"$scratch/turned" ;;
			esac
		done
	done 2>/dev/null
}
: >"$scratch/turned"
background "$TRUCE" lab run "$scratch/lost.lua" >"$scratch/said" 2>"$scratch/told"
lost=$pid
while kill -0 "$lost" 2>/dev/null; do
	turn_back
	sleep 0.2
done
wait "$lost" || fail "lost ended with $?: $(cat "$scratch/told")"
[ -s "$scratch/turned" ] || fail "the quota was never there: this shows nothing"
expect_equal "runs whose hold was turned back" unproved "$(states lost held)"
expect_equal "runs without a hold" done "$(states lost free)"
expect_match "why" 'VM1: cpu.quota was turned by somebody else' "$(why lost)"
grep -q 'this run does not count' "$scratch/told" || fail "it was not told: $(cat "$scratch/told")"
