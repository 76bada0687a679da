#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a guest may do to its experiment: its kernel panics, it stands still in the middle, it has no
# agent but noise at the agent's port; and the disk with the figures is full. Each is told in one
# sentence that names the guest or the file, and in the end nothing of it is left but the figures.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
# shellcheck source=tests/lab/image.sh
. "$SOURCE_ROOT/tests/lab/image.sh"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"
own_image_begin
own_image_end "$scratch/good.img"
own_init 'while :; do for port in /dev/vport*; do cat /dev/urandom >$port; done; sleep 1; done &'
own_image_end "$scratch/noise.img"
name="wrong-$$"

# spec NAME VMS WORK
spec() {
	cat >"$scratch/$1.lua" <<END
return experiment {
	name = "$name-$1", asks = "Is it survived?", vms = { memory = 128*MiB, accel = "tcg", $2 },
	subject = { $3 },
	boots = 1, warmup = 0*s, duration = 10*s, interval = 50*ms,
}
END
}

machine() {
	for place in /proc/[0-9]*; do
		cat "$place/cmdline" 2>/dev/null | tr '\0' ' ' | grep -q "^[^ ]*qemu-system.*$name" &&
			echo "${place#/proc/}"
	done | head -n 1
}

nothing_left() {
	[ -z "$(machine)" ] || fail "a VM is left behind $1"
	[ -z "$(find "$TRUCE_SCRATCH" -mindepth 1)" ] || fail "files are left behind $1"
}

# --- the kernel panics
spec panic 'image = "./good.img"' 'work = "command", run = "busybox sleep 0.5; echo c >/proc/sysrq-trigger"'
expect_exit 3 "$TRUCE" lab run "$scratch/panic.lua"
cat "$scratch/err"
expect_match "a panic" "$name-panic-vm1 ended itself without a shutdown: .*panic" "$(cat "$scratch/err")"
expect_match "its end" "it is given up" "$(cat "$scratch/err")"
nothing_left "a panic"

# --- noise where the agent should be
spec noise 'image = "./noise.img"' 'work = "cpu-integer"'
expect_exit 3 "$TRUCE" lab run "$scratch/noise.lua"
cat "$scratch/err"
expect_match "noise" "boot 1: .*$name-noise-vm1" "$(cat "$scratch/err")"
nothing_left "noise"

# --- it stands still in the middle, once
# Two seconds of processor time: it has booted, and works.
working() {
	machine=$(machine)
	[ -n "$machine" ] && ticks=$(awk '{ print $14 + $15 }' "/proc/$machine/stat" 2>/dev/null) &&
		[ "${ticks:-0}" -gt 200 ]
}
spec still '' 'work = "cpu-integer"'
background "$TRUCE" lab run "$scratch/still.lua" >"$scratch/said" 2>"$scratch/told"
run=$pid
poll_until 150 working || fail "no VM works: $(cat "$scratch/told")"
kill -STOP "$machine"
wait "$run" || fail "it ended with $?: $(cat "$scratch/told")"
cat "$scratch/told"
expect_match "a guest that stands still" "$name-still-vm1.*it is repeated" "$(cat "$scratch/told")"
expect_match "the end" '^1 boots with .* 1 repeated' "$(cat "$scratch/said")"
nothing_left "a guest that stood still"

# --- no room for the figures
cat >"$scratch/full.lua" <<END
return experiment {
	name = "$name-full", asks = "Is it survived?", vms = { kind = "process", count = 4 },
	subject = { work = "latency", rate = 1000 },
	boots = 30, warmup = 0*s, duration = 1.5*s, interval = 50*ms, proof = 60*s,
}
END
mkdir "$scratch/small"
# shellcheck disable=SC2016
expect_exit 1 unshare -m sh -c 'mount -t tmpfs -o size=512k tmpfs "$1" || exit 77
	TRUCE_LAB_DIR=$1 "$2" lab run "$3"; code=$?
	TRUCE_LAB_DIR=$1 "$2" lab list; exit $code' sh "$scratch/small" "$TRUCE" "$scratch/full.lua"
expect_match "a full disk" "truce lab run: .*small/$name-full.sqlite: .*(full|space)" "$(cat "$scratch/err")"
expect_match "what is kept" "$name-full" "$(cat "$scratch/out")"
[ "$(grep -c '^truce lab run' "$scratch/err")" -le 3 ] || fail "more than a sentence: $(cat "$scratch/err")"
nothing_left "a full disk"
