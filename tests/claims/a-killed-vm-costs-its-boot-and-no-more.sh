#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An experiment on two emulated VMs, one of which is killed in the middle: the boot is told and
# repeated, every boot is in the end there once, with what each VM, its host and the guest itself
# counted, and nothing of it is left.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
need_program qemu-system-x86_64 qemu-system-x86
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"
name="claim-$$"

cat >"$scratch/two.lua" <<END
return experiment {
	name = "$name", asks = "Is the killed one repeated?",
	vms = { count = 2, memory = 96*MiB, pin = "own", accel = "tcg" },
	subject = { work = "cpu-integer" },
	boots = 2, warmup = 0*s, duration = 1*s, proof = 20*s,
}
END

ask() {
	/usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
		"$TRUCE_LAB_DIR/$name.sqlite" "$1"
}

# The pid of a VM of ours.
machine() {
	for place in /proc/[0-9]*; do
		tr '\0' ' ' <"$place/cmdline" 2>/dev/null | grep -q "^[^ ]*qemu-system.*$name-$1" &&
			echo "${place#/proc/}"
	done | head -n 1
}

is_there() {
	[ -n "$(machine "$1")" ]
}

background "$TRUCE" lab run "$scratch/two.lua" >"$scratch/said" 2>"$scratch/told"
run=$pid
poll_until 60 is_there vm2 || fail "no VM: $(cat "$scratch/told")"
victim=$(machine vm2)
kill -KILL "$victim"
wait "$run" || fail "it ended with $?: $(cat "$scratch/told")"

expect_match 'the killed VM' "boot 1: .*$name-vm2.*it is repeated" "$(cat "$scratch/told")"
expect_match 'the end' '^2 boots with 4 runs in .*, 1 repeated' "$(cat "$scratch/said")"
expect_equal 'boots that failed' 1 "$(ask "select count(*) from boot where state = 'failed' and why is not null")"
expect_equal 'runs that count' 4 "$(ask "select count(*) from run join boot on boot.id = run.boot
	where boot.state = 'done' and run.state = 'done'")"
for source in host cpu% vm1 vm2 guest1 guest2; do
	expect_equal "runs with samples of $source" 4 "$(ask "select count(distinct run) from sample
		join run on run.id = sample.run join boot on boot.id = run.boot
		where source like '$source' and boot.state = 'done'")"
done
expect_equal 'VMs without intervals' 0 "$(ask "select count(*) from member join run on run.id = member.run
	join boot on boot.id = run.boot where boot.state = 'done' and not exists
	(select 1 from interval i where i.run = member.run and i.vm = member.vm and i.operations > 0)")"
is_there vm && fail "a VM is left: $(machine vm)"
[ -z "$(find "$TRUCE_SCRATCH" -mindepth 1)" ] || fail "files are left: $(find "$TRUCE_SCRATCH")"
