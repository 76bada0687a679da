#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# VMMs whose QMP socket accepts and says nothing, or accepts nothing (a QEMU that is stopped), cost
# their own balloon figures: ticks go on as before, and the figures of the others come.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/bench/follow.sh
. "$SOURCE_ROOT/tests/bench/follow.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86

# A program that looks like a QEMU, takes every connection and never says a word.
cat >"$scratch/mute.py" <<'END'
import signal, socket, sys
path = sys.argv[sys.argv.index("-qmp") + 1].split(":")[1].split(",")[0]
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(16)
held = []
while True:
    held.append(server.accept())
    print("accepted", flush=True)
END
cp "$(readlink -f /usr/bin/python3)" "$scratch/qemu-system-x86_64" || fail "no copy of python"

start() {
	background qemu-system-x86_64 -nodefaults -no-user-config -display none -m 32 -accel tcg \
		-device virtio-balloon-pci -qmp "unix:$scratch/$1.qmp,server=on,wait=off" \
		-name "guest=$1"
}

start answers
start stopped
stopped_pid=$pid
n=1
while [ $n -le 4 ]; do
	background "$scratch/qemu-system-x86_64" "$scratch/mute.py" -name "guest=mute$n" \
		-qmp "unix:$scratch/mute$n.qmp,server=on,wait=off" >>"$scratch/mute.out"
	n=$((n + 1))
done
sockets_are_there() {
	[ "$(find "$scratch" -name '*.qmp' -type s | wc -l)" -eq 6 ]
}
poll_until 20 sockets_are_there || fail "the VMMs did not begin"
kill -STOP "$stopped_pid"
at_exit "kill -CONT $stopped_pid 2>/dev/null"

# Without its questions, for comparison: the longest tick of three seconds.
longest() {
	follow_start
	n=0
	while [ $n -lt 30 ]; do
		follow_ask
		sleep 0.1 # three seconds in all
		n=$((n + 1))
	done
	awk '$1 == "ticked" { print $3 }' "$scratch/list"
	follow_end
}
without=$(longest) || exit
follow_option=owner
with=$(longest) || exit
echo "longest tick: $without us, and $with us while six VMMs were asked, five of which are mute"
# A tick that waited for one of them would take a second, the time that a VMM has to answer.
[ "$with" -lt $((without + 500000)) ] || fail "a tick took $with us"
[ "$(grep -c accepted "$scratch/mute.out")" -ge 4 ] || fail "the mute VMMs were not asked"

# The one that answers is known, the others are not, and why stands there.
cat >"$scratch/lines.py" <<'END'
import json, sys
for line in sys.stdin:
    for vm in json.loads(line)["vms"] if line.endswith("\n") else []:
        if vm["name"] in ("answers", "stopped") or vm["name"].startswith("mute"):
            print(vm["name"], vm["balloon_actual_bytes"])
END
background "$TRUCE" dump live --json --interval 200ms --with balloon >"$scratch/dump" 2>"$scratch/err"
dump_pid=$pid
answer_is_known() {
	/usr/bin/python3 "$scratch/lines.py" <"$scratch/dump" >"$scratch/balloons"
	grep -q 'answers 33554432' "$scratch/balloons"
}
poll_until 15 answer_is_known || fail "the one that answers is not known:" \
	"$(sort "$scratch/balloons" | uniq -c) $(cat "$scratch/err")"
grep -E '^(mute|stopped).* [0-9]' "$scratch/balloons" && fail "a mute VMM has said something"

# A signal ends it at once, whoever is being asked.
kill "$dump_pid"
begin=$(date +%s%N)
wait "$dump_pid"
late_ms=$((($(date +%s%N) - begin) / 1000000))
[ $late_ms -le 3000 ] || fail "it took $late_ms ms to end"

# One look waits a second for each, says so in one sentence, and has the answer of the one that gives it.
"$TRUCE" list --json --with balloon >"$scratch/list" 2>"$scratch/err"
expect_equal "the exit status of list" 3 $?
expect_match "its sentence" '^truce list: the VMM of process [0-9]+ does not answer' "$(cat "$scratch/err")"
expect_equal "the number of its sentences" 1 "$(wc -l <"$scratch/err")"
/usr/bin/python3 "$scratch/lines.py" <"$scratch/list" | grep -q 'answers 33554432' ||
	fail "list does not know the one that answers"
