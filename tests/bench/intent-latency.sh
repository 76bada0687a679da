#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# From KVM_CREATE_VCPU of a VM's first vCPU to its class's intent in force: 200 births of the test
# VMM, 50 of QEMU, one after the other, under a truced whose policy gives that class four times the
# usual weight. The time of the call is taken in the VMM (its own log, and a library preloaded into
# QEMU), the other one by truced when the knob has been turned and read back. The bar: 99 of 100
# within 20 ms. TRUCE_VMS_BESIDE VMs halt beside them, under the same policy.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

births=${TRUCE_BIRTHS:-200}
qemu_births=${TRUCE_QEMU_BIRTHS:-50}
beside=${TRUCE_VMS_BESIDE:-100}

tiny() {
	setsid "$TINY_VMM" births --count "$births" --name "$vms-gold" --vcpus 2 --gap-ms 20 --hold-ms 300 \
		--spin 0.5 --log "$scratch/born" >/dev/null || fail "the test VMM failed"
}

# It lives for half a second, paused; 124 says that it lived until then.
qemus() {
	n=0
	while [ $n -lt "$qemu_births" ]; do
		n=$((n + 1))
		status=0
		KVM_TIMES=$scratch/born LD_PRELOAD=$BENCH_DIR/libkvm_times.so \
			setsid timeout 0.5 qemu-system-x86_64 -accel kvm -smp 2 -m 32 -nodefaults \
			-no-user-config -display none -name "$vms-gold-$n" -S 2>"$scratch/qemu.err" || status=$?
		[ $status -eq 124 ] || fail "QEMU ended with $status: $(cat "$scratch/qemu.err")"
	done
}

# measure NAME COMMAND: a truced of its own while the command makes its births.
measure() {
	rm -rf "$scratch/born" "$TRUCE_STATE_DIR"
	truced_start
	read -r ran_before waited_before _ <"/proc/$truced_pid/schedstat"
	"$2"
	read -r ran waited _ <"/proc/$truced_pid/schedstat"
	truced_end TERM
	"$SOURCE_ROOT/tests/bench/intent_join.py" "$1" "$scratch/born" \
		"$TRUCE_STATE_DIR"/adjustments.jsonl* || fail "what was born cannot be joined with what was set"
	echo "           (truced's loop ran for $(((ran - ran_before) / 1000000)) ms and waited for a CPU for" \
		"$(((waited - waited_before) / 1000000)) ms)"
}

truced_conf '[truced]' 'mode = enforce' '[limits]' 'changes-per-minute = 100000'
policy gold 400

bench_head "From KVM_CREATE_VCPU of the first vCPU to the intent in force, milliseconds"
echo "VMM        VMs beside   count   median      90%      99%    worst  never  bar of the 99%"
measure "tiny_vmm            0" tiny
if [ "$beside" -gt 0 ]; then
	fleet --vms "$beside" --name "$vms"
	measure "$(printf 'tiny_vmm %12d' "$beside")" tiny
	end_all
fi
if command -v qemu-system-x86_64 >/dev/null; then
	measure "qemu                0" qemus
else
	echo "qemu       not measured: it is not installed (Debian package qemu-system-x86)"
fi
echo
echo "load $(cut -d ' ' -f 1 /proc/loadavg) at the end"
