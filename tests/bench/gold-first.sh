#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One core. A gold VM works in bursts (2 ms of CPU time every 10 ms), three bronze VMs spin, and in the
# second half two processes outside any VM spin as well. How late are gold's bursts, what do the
# others get, is the core ever idle? Without a policy, with static weights (4 to 1), with figure 7, with
# gold-first; in turn, as often as TRUCE_GOLD_ROUNDS says. A burst's time is from when it was due
# until it was done. The bars: the 99th percentile at most 1.5 times that of the gold VM alone;
# bronze at least 90 % of what gold leaves; the core busy for at least 95 %.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

rounds=${TRUCE_GOLD_ROUNDS:-2}
seconds=${TRUCE_GOLD_SECONDS:-12}
cpu=$(($(nproc) - 1))
names=bench$$

TRUCED=${TRUCED:-$BUILD_ROOT/src/daemon/truced}
need_root
need_kvm

export TRUCE_RUN_DIR=$scratch/run TRUCE_STATE_DIR=$scratch/state TRUCE_CONF_DIR=$scratch/conf
mkdir -p "$scratch/run" "$scratch/state" "$scratch/conf/policies.d" "$scratch/static"
printf '[truced]\nmode = enforce\n' >"$scratch/conf/truce.conf"
cat >"$scratch/static/static.lua" <<'END'
policy "static"
class "gold" { name = "*gold*" }
intent "gold" { cpu = { shares = 400 } }
END

# vms NAME ARGUMENT...: on the one core, in a session of their own. Its pid is in $pid.
vms() {
	vms_name=$1
	shift
	: >"$scratch/ready"
	background setsid taskset -c "$cpu" "$TINY_VMM" run --name "$vms_name" "$@" >"$scratch/ready"
	poll_until 60 grep -q '^ready' "$scratch/ready" || fail "no VMs were made"
}

policy_start() {
	rm -rf "$scratch/conf/policies.d" "$scratch/run" "$scratch/state"
	mkdir -p "$scratch/conf/policies.d" "$scratch/run" "$scratch/state"
	# What else lives on this machine is not to be held back for a measurement.
	sed -e "s/^class \"gold\" .*/class \"gold\" { name = \"*$names-gold*\" }/" \
		-e "s/^class \"bronze\" .*/class \"bronze\" { name = \"*$names-bronze*\" }/" \
		"$1" >"$scratch/conf/policies.d/$(basename "$1")"
	background setsid "$TRUCED" 2>"$scratch/truced.err"
	truced_pid=$pid
	poll_until 30 test -S "$scratch/run/control.sock" ||
		fail "truced did not start: $(cat "$scratch/truced.err")"
}

policy_end() {
	kill "$truced_pid" && wait "$truced_pid" 2>/dev/null
	truced_pid=
	"$TRUCE" undo all >/dev/null 2>&1
}

# now: what the core, gold and bronze have used, in nanoseconds, and the time.
now() {
	/usr/bin/python3 "$SOURCE_ROOT/tests/bench/gold_first.py" now "$cpu" "$gold_pid" "$bronze_pid"
}

# measure LABEL POLICY|- HOGS|- [alone]
measure() {
	rm -f "$scratch/log"
	vms "$names-gold" --burst-ms 2:10 --log "$scratch/log"
	gold_pid=$pid
	bronze_pid=$gold_pid
	if [ "${4:-}" != alone ]; then
		vms "$names-bronze" --vms 3 --spin spin
		bronze_pid=$pid
	fi
	hogs=
	if [ "$3" != - ]; then
		for _ in 1 2; do
			background setsid taskset -c "$cpu" sh -c 'while :; do :; done'
			hogs="$hogs $pid"
		done
	fi
	[ "$2" = - ] || policy_start "$2"
	sleep 8 # a controller has to find its place; without one as long, for the same age of all
	now >"$scratch/before"
	sleep "$seconds"
	now >"$scratch/after"
	for measure_pid in $hogs "$bronze_pid" "$gold_pid"; do
		kill "$measure_pid" 2>/dev/null
		wait "$measure_pid" 2>/dev/null
	done
	[ "$2" = - ] || policy_end
	/usr/bin/python3 "$SOURCE_ROOT/tests/bench/gold_first.py" row "$1" "$scratch/before" \
		"$scratch/after" "$scratch/log" >>"$scratch/rows" || fail "the bursts of $1 cannot be used"
}

bench_head "A gold VM in bursts of 2 ms every 10 ms, three bronze VMs that spin, on one core"
round=0
while [ $round -lt "$rounds" ]; do
	measure "alone" - - alone
	measure "no policy" - -
	measure "weights 4:1" "$scratch/static/static.lua" -
	measure "figure7" "$SOURCE_ROOT/policies/figure7.lua" -
	measure "gold-first" "$SOURCE_ROOT/policies/gold-first.lua" -
	measure "no policy, 2 host processes" - 2
	measure "weights 4:1, 2 host processes" "$scratch/static/static.lua" 2
	measure "gold-first, 2 host processes" "$SOURCE_ROOT/policies/gold-first.lua" 2
	round=$((round + 1))
done
/usr/bin/python3 "$SOURCE_ROOT/tests/bench/gold_first.py" table "$scratch/rows"
