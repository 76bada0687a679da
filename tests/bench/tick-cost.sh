#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A tick at 1, 50 and 500 real VMs, and at up to 10,000 of a generated host, against its floor: the same
# hot files by nothing but pread. Half of the VMs spin, and two QEMUs under KVM and two under TCG are
# among them. The bar: at most 1.5 times the floor.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_root
need_kvm

# measure VMS TICKS GAP_MSEC [DIRECTORY]
measure() {
	for try in 1 2 3 4 5; do
		status=0
		"$BENCH_DIR/tick_cost" "$@" 2>"$scratch/err" || status=$?
		[ $status -eq 3 ] || break
		echo "(a VM came or went, try $try is not counted: $(tail -n 1 "$scratch/err"))"
	done
	sed 's/^tick_cost: /  note: /' "$scratch/err"
	[ $status -eq 0 ] || fail "tick_cost $* ended with $status"
}

real() {
	vms=$1
	tiny=$vms
	if [ "$vms" -gt 10 ] && command -v qemu-system-x86_64 >/dev/null; then
		tiny=$((vms - 2))
		qemu -accel kvm -S -name kvm-1
		qemu -accel kvm -S -name kvm-2
		qemu -accel tcg -name tcg-1
		qemu -accel tcg -name tcg-2
	fi
	fleet --vms "$tiny" --spin "$([ "$vms" -eq 1 ] && echo 1 || echo 0.5)"
	measure "$vms" "$2" "$3"
	end_all
}

# On a file system in memory where there is one with room: what is measured is not the disk.
generated() {
	place=$scratch
	room=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)
	if [ "${room:-0}" -gt 4000000 ] && [ -w /dev/shm ]; then
		place=$(mktemp -d /dev/shm/truce-bench.XXXXXX)
		at_exit "rm -rf '$place'"
	fi
	"$SOURCE_ROOT/tests/hosts/generate.py" "$place/host" "$1" || fail "no host of $1 VMs was made"
	"$SOURCE_ROOT/tests/bench/own_files.py" "$place/host" || fail "no files were made apart"
	measure "$1" "$2" 0 "$place/host"
	rm -rf "$place/host"
}

bench_head "A tick and its floor, microseconds of CPU (bar: hot ratio at most 1.50)"
echo "   VMs   kept  opened      floor   hot tick  ratio  cold part  mean tick  ratio    longest   calls"
for gap in 20 0; do
	echo "real VMs, $gap ms before each tick and each floor:"
	real 1 100 $gap
	real 50 100 $gap
	real 500 50 $gap
done
echo "generated hosts of libvirt guests:"
generated 1000 50
# Four hot files a VM; some hundred descriptors are for the rest.
limit=$(ulimit -n)
most=$(((limit - 400) / 4))
if [ $most -lt 10000 ]; then
	echo "  note: $limit descriptors are the limit here, and keep the files of $most VMs open; of 10,000" \
		"VMs the floor, too, opens and closes at each tick what the observer does"
	generated $most 20
fi
generated 10000 20
