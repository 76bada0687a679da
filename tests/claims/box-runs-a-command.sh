#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A command in a box is like a command here: its output comes back apart, its exit status
# exactly. What the box gives beside that is a host: cgroup v2, tracefs, disks, a /dev/kvm.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box

out() { cat "$scratch/out"; }
err() { cat "$scratch/err"; }

cd "$SOURCE_ROOT" || exit 1
# shellcheck disable=SC2016
in_box 3 --env "WORDS=two words" -- sh -c 'pwd; echo "$WORDS"; echo complaint >&2; id -u; exit 3'
expect_equal "stdout" "$SOURCE_ROOT
two words
0" "$(out)"
expect_equal "stderr" "complaint" "$(err)"

# shellcheck disable=SC2016
in_box 137 -- sh -c 'kill -9 $$'
in_box 127 -- no-such-command-anywhere
expect_match "a missing command" "no-such-command-anywhere: No such file" "$(err)"

# A host with everything that this machine may lack, in one boot; cwd below /tmp stays in sight.
mkdir "$scratch/shared" && cd "$scratch" || exit 1
in_box 0 --kvm --cpus 3 --memory 1G --disk 64M --disk 32M --load "loop max_loop=2" \
	--writable "$scratch/shared" -- sh -c '
	set -e
	cat /sys/fs/cgroup/cgroup.controllers
	test -c /dev/kvm && echo kvm is there
	test -d /sys/module/kvm_amd -o -d /sys/module/kvm_intel
	test -d /sys/kernel/tracing/events/kvm
	test -d /sys/kernel/debug/kvm
	blockdev --getsize64 /dev/vda /dev/vdb
	cat /sys/module/loop/parameters/max_loop
	nproc
	echo kept in the fresh tmp >/tmp/mine
	echo from the box >shared/file
	if touch /etc/never 2>/dev/null; then exit 1; fi
	mount -o remount,rw /
	if touch /etc/never 2>/dev/null; then exit 1; fi
	wc -c </dev/stdin'
expect_match "controllers" '\bcpu\b.*\bio\b.*\bmemory\b' "$(out)"
expect_equal "the rest" "kvm is there
67108864
33554432
2
3
0" "$(out | tail -n +2)"
expect_equal "a writable directory" "from the box" "$(cat shared/file)"
[ ! -e /etc/never ] || fail "the box wrote on this machine's root"
[ ! -e /tmp/mine ] || fail "the box wrote in this machine's /tmp"

# Many bytes, any bytes, both streams at once.
head -c 3000000 /dev/urandom >bytes
in_box 0 -- sh -c 'cat bytes & cat bytes >&2; wait'
cmp "$scratch/out" bytes || fail "stdout was changed on its way"
cmp "$scratch/err" bytes || fail "stderr was changed on its way"

# One that halts for ever is noticed long before its time is up. Meanwhile the others are tried.
background "$TRUCE" lab box --timeout 900s -- sh -c 'echo up; sleep 1000' >"$scratch/halted" 2>"$scratch/halted.err"
halted=$pid
poll_until 150 test -s "$scratch/halted" || fail "no box for one that halts"
# It is known to answer from its first answer on, which is asked for after three seconds.
sleep 7
halted_qemu=$(pgrep -P "$halted" -f qemu-system)
kill -STOP "$halted_qemu"
at_exit "kill -CONT $halted_qemu 2>/dev/null"

expect_exit 124 "$TRUCE" lab box --timeout 1s -- sleep 1000
expect_match "the sentence" "the time is up" "$(err)"

# What the box itself cannot do is 125 and one sentence.
in_box 125 --load no-such-module -- true
expect_equal "sentences" 1 "$(err | wc -l)"
expect_match "the sentence" "no-such-module" "$(err)"
in_box 125 -- sh -c 'echo o >/proc/sysrq-trigger; sleep 1000'
expect_match "the sentence" "switched off before its command ended" "$(err)"
in_box 125 -- sh -c 'echo c >/proc/sysrq-trigger; sleep 1000'
expect_match "the sentence" "kernel died: .*sysrq triggered crash" "$(err)"
expect_exit 125 "$TRUCE" lab box --timeout 200s -- \
	sh -c 'echo triple >/sys/kernel/reboot/type; echo b >/proc/sysrq-trigger; sleep 1000'
expect_match "the sentence" "a triple fault reset the box's processor" "$(err)"
background "$TRUCE" lab box --timeout 200s -- sh -c 'echo up; sleep 1000' >"$scratch/out" 2>"$scratch/err"
poll_until 150 test -s "$scratch/out" || fail "no box for a QEMU that is ended"
kill "$(pgrep -P "$pid" -f qemu-system)"
wait "$pid"
expect_equal "the exit status where QEMU is ended" 125 $?
expect_match "the sentence" "somebody ended QEMU .*terminating on signal 15" "$(err)"
in_box 125 --no-such-option -- true
in_box 125 --memory 1P -- true
in_box 125 --kernel /dev/null -- true

wait "$halted"
expect_equal "the exit status of one that halts" 125 $?
expect_match "the sentence" "the box stands still" "$(cat "$scratch/halted.err")"
