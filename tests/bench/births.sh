#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# From KVM_CREATE_VM and KVM_CREATE_VCPU to the observer's list: 200 births of the test VMM, 50 of
# QEMU, of two vCPUs each, one after the other. The observer ticks once a second meanwhile. The
# time of a call is taken in the VMM itself: by the test VMM's log, and by a library preloaded into
# QEMU. The bars, in a VM's first second: 99 of 100 within 10 ms and 20 ms.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"
# shellcheck source=tests/bench/follow.sh
. "$SOURCE_ROOT/tests/bench/follow.sh"

births=${TRUCE_BIRTHS:-200}
qemu_births=${TRUCE_QEMU_BIRTHS:-50}

need_root
need_kvm

tiny() {
	setsid "$TINY_VMM" births --count "$births" --vcpus 2 --gap-ms 20 --hold-ms 300 --spin 0.5 \
		--log "$scratch/log" >/dev/null || fail "the test VMM failed"
}

# It lives for half a second, paused; 124 says that it lived until then.
qemu_birth() {
	status=0
	KVM_TIMES=$scratch/log LD_PRELOAD=$BENCH_DIR/libkvm_times.so \
		setsid timeout 0.5 qemu-system-x86_64 -accel kvm -smp 2 -m 32 -nodefaults -no-user-config \
		-display none -S 2>"$scratch/qemu.err" || status=$?
	[ $status -eq 124 ] || fail "QEMU ended with $status: $(cat "$scratch/qemu.err")"
}

qemus() {
	n=0
	while [ $n -lt "$qemu_births" ]; do
		qemu_birth
		n=$((n + 1))
	done
}

# measure NAME COMMAND: an observer while the command makes its births.
measure() {
	rm -f "$scratch/log"
	follow_start
	"$2"
	follow_ask # it has listed by now whatever it ever will
	read -r ran waited _ <"/proc/$follow_pid/schedstat"
	follow_end
	"$SOURCE_ROOT/tests/bench/births_join.py" "$1" "$scratch/log" "$scratch/followed" ||
		fail "the log of $1 cannot be used"
	echo "           (the observer ran for $((ran / 1000000)) ms and waited for a CPU for" \
		"$((waited / 1000000)) ms)"
}

bench_head "From KVM's call to the list, milliseconds from the begin of the call"
echo "VMM        call             count   median      90%      99%    worst  99%, from end  never  bar of the 99%"
measure tiny_vmm tiny
if command -v qemu-system-x86_64 >/dev/null; then
	measure qemu qemus
else
	echo "qemu       not measured: it is not installed (Debian package qemu-system-x86)"
fi
echo
echo "load $(cut -d ' ' -f 1 /proc/loadavg) at the end"
