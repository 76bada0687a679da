# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What every benchmark sources first:  . "$SOURCE_ROOT/tests/bench/lib.sh"
#
# A benchmark is a claim (claims/lib.sh) that measures: it prints a table, and `reached` or `not
# reached` for each bar. It fails only where it could not measure, so that a slow machine
# is told from a broken benchmark; it ends with 77 where this machine cannot measure it.
# BENCH_DIR is where its programs are built.

# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# A line of figures counts as much as the machine that they are of.
bench_head() {
	echo "$1"
	echo "$(date -u +%Y-%m-%dT%H:%MZ), Linux $(uname -r), $(nproc) CPUs ($(sed -n \
		's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)), load $(cut -d ' ' -f 1 \
		/proc/loadavg) at the start"
	echo "command: meson test --benchmark $(basename "$0" .sh)"
	echo
}

# reached VALUE BAR: the word for the table; lower is better.
reached() {
	awk -v value="$1" -v bar="$2" \
		'BEGIN { print value + 0 <= bar + 0 ? "reached" : "not reached" }'
}

# fleet ARGUMENT...: `tiny_vmm run` in a session of its own that takes what others leave of the
# processors, so that guests that spin do not slow down what measures. Its pid is in $fleet_pid.
fleet() {
	: >"$scratch/fleet"
	background setsid sh -c 'echo 10 >/proc/self/autogroup 2>/dev/null; exec nice -n 10 "$@"' \
		sh "$TINY_VMM" run "$@" >"$scratch/fleet" 2>&1
	fleet_pid=$pid
	poll_until 120 grep -q '^ready' "$scratch/fleet" ||
		fail "the VMs were not there within two minutes: $(cat "$scratch/fleet")"
}

# qemu ARGUMENT...: a QEMU without devices, in the background.
qemu() {
	background setsid nice -n 10 qemu-system-x86_64 -nodefaults -no-user-config -display none \
		-m 32 "$@" 2>"$scratch/qemu.err"
	qemu_pids="${qemu_pids:-} $pid"
}

# end_all: every VM that was started here is gone when it returns.
end_all() {
	for end_pid in ${fleet_pid:-} ${qemu_pids:-}; do
		kill "$end_pid" 2>/dev/null
		wait "$end_pid" 2>/dev/null
	done
	fleet_pid=
	qemu_pids=
}
