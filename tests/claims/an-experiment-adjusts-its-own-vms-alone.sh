#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where an experiment holds a setting of its VMs, they have it during those runs and no others, and a
# VM that is none of its stays where and as it is. Its network is of its own, too: what VM1 sends over
# the shared link comes to the peer no faster than the link is.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
need_program qemu-system-x86_64 qemu-system-x86
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

cat >"$scratch/own.lua" <<'END'
return experiment {
	name = "own", asks = "Is the limit on VM1 alone?",
	vms = { count = 2, memory = 96*MiB, accel = "tcg" }, net = { speed = 16*Mbit/s },
	subject = { work = "net-send", to = "peer" }, others = { work = "cpu-integer" },
	vary = { { "limit", { name = "none", loaded = 2 },
			    { name = "nice", ["hold.subject.cpu.nice"] = 5 } } },
	boots = 1, warmup = 0.5*s, duration = 2*s, proof = 30*s,
}
END

# ask SQL: the first value.
ask() {
	/usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
		"$TRUCE_LAB_DIR/own.sqlite" "$1"
}

bystander() {
	cat "/proc/$stranger/cgroup"
	cut -d ' ' -f 19 "/proc/$stranger/stat"
	grep Cpus_allowed_list "/proc/$stranger/status"
}

background "$TINY_VMM" run --vms 1 --spin 0.1 --name "stranger-$$"
stranger=$pid
poll_until 10 test -e "/proc/$stranger/task" || fail "the test VMM has not started"
bystander >"$scratch/before"
"$TRUCE" lab run "$scratch/own.lua" >"$scratch/said" 2>"$scratch/told" ||
	fail "it ended with $?: $(cat "$scratch/told")"
bystander >"$scratch/after"
cmp "$scratch/before" "$scratch/after" || fail "a VM of somebody else was adjusted"

# Each VM has a session of its own, and so an autogroup where there are such: its nice arbitrates.
figure=nice
[ "$(cat /proc/sys/kernel/sched_autogroup_enabled 2>/dev/null)" != 1 ] || figure=autogroup_nice

# nices VM CELL: which values of it the VM had in runs of the cell.
nices() {
	ask "select group_concat(distinct value) from (select value from sample join run on
		run.id = sample.run join cell on cell.id = run.cell where source = '$1' and
		figure = '$figure' and cell.label like '$2%' order by value)"
}
expect_equal "VM1's nice where it is held" 5 "$(nices vm1 limit=nice)"
expect_equal "VM1's nice where it is not" 0 "$(nices vm1 limit=none)"
expect_equal "VM2's nice" 0 "$(nices vm2 limit)"

# 2,000,000 bytes a second with the frames' headers; and it is a link, not a closed door.
rate=$(ask "select cast(sum(i.bytes) * 1e9 / sum(i.length_nsec) as integer) from interval i
	join member m on m.run = i.run and m.vm = i.vm join run on run.id = i.run
	where m.role = 'peer' and i.at_nsec > run.warmup_nsec")
[ "$rate" -le 2050000 ] || fail "the peer received $rate bytes/s over a link of 2000000"
[ "$rate" -ge 200000 ] || fail "the peer received no more than $rate bytes/s"
echo "the peer received $rate bytes/s over a link of 2000000"
