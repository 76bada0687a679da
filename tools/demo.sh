# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# The demonstration that ./run shows where no VM runs: one gold guest and three bronze ones that
# contend for one core, half a minute without a policy and half a minute with policies/gold-first.lua.
# ./run sources it; $source_root, $build and $truce are set. Whatever it starts and sets is gone when it ends.

demo_seconds=${TRUCE_DEMO_SECONDS:-30}
demo_pids=()
demo_truced=

# A guest dies with this script, however that ends: the kernel sends it the signal. It has a
# session of its own, as guests have that somebody started from a terminal or a manager.
demo_start() {
	setsid setpriv --pdeathsig KILL taskset -c "$demo_cpu" "$@" </dev/null >/dev/null 2>&1 &
	demo_pids+=($!)
}

# QEMU's own BIOS is guest enough: it boots a floppy of one instruction, a jump to itself. The
# image has lost its name when QEMU opens it, so that it is gone with QEMU.
demo_start_qemu() {
	local floppy
	floppy=$(mktemp) || return
	{ printf '\353\376'; head -c 508 /dev/zero; printf '\125\252'; } >"$floppy"
	exec 8<"$floppy"
	rm -f "$floppy"
	demo_start qemu-system-x86_64 -accel tcg -m 32 -display none -nodefaults -no-user-config \
		-name "$1,debug-threads=on" -drive file=/proc/self/fd/8,format=raw,if=floppy,readonly=on
	exec 8<&-
}

# Gold works in bursts, 2 ms of CPU time every 10 ms, and writes down how late each is done.
demo_start_guests() {
	local number
	if [ -w /dev/kvm ] && [ -x "$build/tests/vmm/tiny_vmm" ]; then
		say "no VM runs here: starting four small ones on one core. Gold works 2 ms every 10 ms," \
			"three bronze ones want all there is"
		demo_start "$build/tests/vmm/tiny_vmm" run --name gold --burst-ms 2:10 \
			--log "$demo_scratch/bursts"
		demo_start "$build/tests/vmm/tiny_vmm" run --name bronze --vms 3 --spin spin
		demo_await_guests 4 && return
		demo_end_guests
	fi
	packages_need "the demo" demo || give_up "no VM runs here, and none can be started"
	say "no VM runs here, and /dev/kvm cannot be used: starting four under QEMU's own emulation on one" \
		"core, one gold and three bronze, and each wants all there is"
	demo_start_qemu gold
	for number in 0 1 2; do demo_start_qemu "bronze-$number"; done
	demo_await_guests 4 || give_up "the demo's guests did not start"
}

demo_end_guests() {
	[ ${#demo_pids[@]} -eq 0 ] && return
	kill "${demo_pids[@]}" 2>/dev/null
	wait "${demo_pids[@]}" 2>/dev/null
	demo_pids=()
}

demo_end() {
	demo_truced_end
	demo_end_guests
	[ -z "${demo_scratch:-}" ] || rm -rf "$demo_scratch"
}

demo_vm_count() { "$truce" list --json 2>/dev/null | grep -o '"pid":' | wc -l; }

# demo_await_guests COUNT: whether truce lists so many within fifteen seconds; no longer when
# they have ended.
demo_await_guests() {
	local end=$((SECONDS + 15))
	until [ "$(demo_vm_count)" -ge "$1" ]; do
		[ $SECONDS -lt $end ] && kill -0 "${demo_pids[0]}" 2>/dev/null || return
		sleep 0.1
	done
}

demo_truced_start() {
	mkdir -p "$demo_scratch/run" "$demo_scratch/state" "$demo_scratch/conf/policies.d"
	cp "$source_root/policies/gold-first.lua" "$demo_scratch/conf/policies.d/"
	printf '[truced]\nmode = enforce\n' >"$demo_scratch/conf/truce.conf"
	setsid setpriv --pdeathsig TERM "$build/src/daemon/truced" 2>"$demo_scratch/truced.log" &
	demo_truced=$!
	local end=$((SECONDS + 10))
	until [ -S "$demo_scratch/run/control.sock" ]; do
		{ [ $SECONDS -lt $end ] && kill -0 "$demo_truced" 2>/dev/null; } ||
			give_up "truced did not start: $(tail -n 1 "$demo_scratch/truced.log")"
		sleep 0.1
	done
}

demo_truced_end() {
	[ -n "$demo_truced" ] || return 0
	kill "$demo_truced" 2>/dev/null
	wait "$demo_truced" 2>/dev/null
	demo_truced=
	"$truce" undo all >/dev/null || say "something could not be given back; truce undo all tells what"
}

# Idle jiffies of the core, and CPU time in ns of the VMs of that name, as `IDLE TIME`. Processes
# are looked for in /proc: a small Debian has no pgrep.
demo_times() {
	local process words sum=0 ran task
	for process in /proc/[0-9]*; do
		mapfile -d '' -t words 2>/dev/null <"$process/cmdline"
		[[ "${words[*]}" =~ ^(tiny_vmm-|qemu-system-x86_64.*\ -name\ )$1 ]] || continue
		for task in "$process"/task/*/schedstat; do
			read -r ran _ 2>/dev/null <"$task" && sum=$((sum + ran))
		done
	done
	printf '%s %s\n' "$(awk -v cpu="cpu$demo_cpu" '$1 == cpu { print $5 + $6 }' /proc/stat)" "$sum"
}

# Milliseconds of the bursts that were due since line $1 of the log: median, 99 %, worst.
demo_bursts() {
	tail -n +"$1" "$demo_scratch/bursts" 2>/dev/null | awk '$1 == "burst" { print $4 / 1e6 }' | sort -n |
		awk '{ ms[NR] = $1 } END { if (NR > 0)
			printf "%9.1f %9.1f %9.1f", ms[int((NR + 1) / 2)], ms[int(NR * 0.99) + (NR < 100)], ms[NR]
			else printf "%9s %9s %9s", "-", "-", "-" }'
}

demo_log_lines() { wc -l 2>/dev/null <"$demo_scratch/bursts" || echo 0; }

# demo_watch: the live view, or where there is no terminal the list, for half a minute.
demo_watch() {
	local end=$((SECONDS + demo_seconds)) left
	while left=$((end - SECONDS)) && [ $left -gt 0 ]; do
		if [ -t 0 ] && [ -t 1 ]; then
			timeout --foreground "$left" "$truce" top || :
			[ $SECONDS -lt $end ] && return # q was pressed
		else
			"$truce" list --over "$((left < 10 ? left : 10))s" || return
		fi
	done
}

# demo_phase LABEL: watches, and adds a row to the table.
demo_phase() {
	local first idle_0 gold_0 bronze_0 idle_1 gold_1 bronze_1 since now
	first=$(($(demo_log_lines) + 1))
	since=$(date +%s%N)
	read -r idle_0 gold_0 < <(demo_times gold)
	read -r _ bronze_0 < <(demo_times bronze)
	demo_watch
	read -r idle_1 gold_1 < <(demo_times gold)
	read -r _ bronze_1 < <(demo_times bronze)
	now=$(date +%s%N)
	awk -v label="$1" -v wall=$((now - since)) -v idle=$((idle_1 - idle_0)) \
		-v gold=$((gold_1 - gold_0)) -v bronze=$((bronze_1 - bronze_0)) \
		-v hertz="$(getconf CLK_TCK)" -v bursts="$(demo_bursts "$first")" 'BEGIN {
			printf "%-22s %s %8.1f%% %8.1f%% %8.1f%%\n", label, bursts, 100 * gold / wall,
				100 * bronze / wall, 100 * idle / hertz * 1e9 / wall }' >>"$demo_scratch/rows"
}

demo_show() {
	demo_cpu=$(($(nproc) - 1))
	demo_scratch=$(mktemp -d) || give_up "no room for the demo in ${TMPDIR:-/tmp}"
	trap demo_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	export TRUCE_RUN_DIR=$demo_scratch/run TRUCE_STATE_DIR=$demo_scratch/state
	export TRUCE_CONF_DIR=$demo_scratch/conf
	demo_start_guests
	say "$demo_seconds seconds without a policy"
	demo_phase "without a policy"
	say "$demo_seconds seconds with policies/gold-first.lua"
	demo_truced_start
	demo_phase "with gold-first"
	printf '\n%-22s %29s %9s %9s %9s\n' "" "gold's bursts, ms after due" "gold" "bronze" "core"
	printf '%-22s %9s %9s %9s %9s %9s %9s\n' "" median "99 %" worst CPU CPU idle
	cat "$demo_scratch/rows"
	printf '\nWhat truce explain says of gold:\n\n'
	"$truce" explain "$("$truce" list --json | grep -o '"name": *"[^"]*gold[^"]*"' | head -n 1 |
		cut -d '"' -f 4)" --last 2
	demo_end
	trap - EXIT
	say "all of it is gone again. On a host with VMs ./run shows them live; ./run policy check" \
		"policies/gold-first.lua tells what it would come to there; README.md goes on from here"
}
