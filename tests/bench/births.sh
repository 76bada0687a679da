#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# From KVM_CREATE_VM and KVM_CREATE_VCPU to the observer's list: 200 births of the test VMM, 50 of
# QEMU, of two vCPUs each, one after the other. The observer ticks once a second meanwhile. The
# time of a call is taken in the VMM itself: by the test VMM's log, and by a library preloaded into
# QEMU. The bars, in a VM's first second: 99 of 100 within 10 ms and 20 ms.
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_root
need_kvm

births=${TRUCE_BIRTHS:-200}
qemu_births=${TRUCE_QEMU_BIRTHS:-50}

follow_start() {
	mkfifo "$scratch/ask-$1"
	exec 9<>"$scratch/ask-$1"
	background sh -c 'exec "$1" <"$2" 9>&-' sh "$BENCH_DIR/observe_follow" "$scratch/ask-$1" \
		>"$scratch/followed-$1"
	echo >&9
	poll_until 20 grep -q '^end' "$scratch/followed-$1" || fail "the observer did not begin"
}

# Once it has answered, it has listed all that it ever will.
follow_end() {
	echo >&9
	poll_until 20 sh -c "[ \$(grep -c '^end' '$scratch/followed-$1') -eq 2 ]" ||
		fail "the observer did not answer"
	exec 9>&-
	wait "$pid"
}

tiny() {
	follow_start tiny
	"$TINY_VMM" births --count "$births" --vcpus 2 --gap-ms 20 --hold-ms 300 --spin 0.5 \
		--log "$scratch/log-tiny" >/dev/null || fail "the test VMM failed"
	follow_end tiny
	"$SOURCE_ROOT/tests/bench/births_join.py" tiny_vmm "$scratch/log-tiny" "$scratch/followed-tiny"
}

# It lives for half a second, paused; 124 says that it lived until then.
qemu_birth() {
	status=0
	KVM_TIMES=$scratch/log-qemu LD_PRELOAD=$BENCH_DIR/libkvm_times.so \
		timeout 0.5 qemu-system-x86_64 -accel kvm -smp 2 -m 32 -nodefaults -no-user-config \
		-display none -S 2>"$scratch/qemu.err" || status=$?
	[ $status -eq 124 ] || fail "QEMU ended with $status: $(cat "$scratch/qemu.err")"
}

by_qemu() {
	follow_start qemu
	n=0
	while [ $n -lt "$qemu_births" ]; do
		qemu_birth
		n=$((n + 1))
	done
	follow_end qemu
	"$SOURCE_ROOT/tests/bench/births_join.py" qemu "$scratch/log-qemu" "$scratch/followed-qemu"
}

bench_head "From KVM's call to the list, milliseconds from the begin of the call"
echo "VMM        call             count   median      90%      99%    worst  99%, from end  never  bar of the 99%"
tiny
if command -v qemu-system-x86_64 >/dev/null; then
	by_qemu
else
	echo "qemu       not measured: it is not installed (Debian package qemu-system-x86)"
fi
echo
echo "load $(cut -d ' ' -f 1 /proc/loadavg) at the end"
