#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What workloads count is compared with what the kernel counts of the same work, on a disk and in a
# network of this claim's own.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program python3 python3
need_program ps procps
need_program losetup mount
need_program unshare util-linux

# work FOR LINE...: runs it; $scratch/said is its JSON.
work() {
	work_for=$1
	shift
	expect_exit 0 "$TRUCE" lab work --json --for "$work_for" "$@"
	cp "$scratch/out" "$scratch/said"
	[ "$(said errors)" -eq 0 ] || fail "'$*' counts errors"
}

# number FILE KEY: of its JSON; `results.lost` is a key inside of another.
number() {
	python3 -c 'import functools, json, sys
print(functools.reduce(lambda part, key: part[key], sys.argv[2].split("."),
                       json.load(open(sys.argv[1]))))' "$1" "$2"
}
said() {
	number "$scratch/said" "$1"
}

# --- disks: a loop device counts sectors of 512 bytes
truncate -s 16M "$scratch/disk"
loop=$(losetup --find --show "$scratch/disk" 2>/dev/null) || skip "needs a loop device"
at_exit 'losetup -d "$loop"'
statistics=/sys/block/${loop#/dev/}/stat

# Fields 3 and 7: sectors read and written.
sectors_read() {
	awk '{ print $3 }' "$statistics"
}
sectors_written() {
	awk '{ print $7 }' "$statistics"
}

before=$(sectors_written)
work 500ms disk-write file="$loop" size=8M direct=yes order=random threads=2
[ "$(said operations)" -gt 0 ] || fail "no block was written"
# All of it once before, and then what it counts.
expect_equal "sectors written" $((8 * 2048 + $(said bytes) / 512)) $(($(sectors_written) - before))
expect_equal "bytes of blocks" "$(($(said operations) * 4096))" "$(said bytes)"

before=$(sectors_read)
work 500ms disk-read file="$loop" size=8M direct=yes block=16K
# To know that it is ours, it looks at nine sectors, which come as pages, and the kernel reads
# ahead of those: 8M at the most.
read_sectors=$(($(sectors_read) - before))
[ $((read_sectors - $(said bytes) / 512)) -ge 0 ] || fail "more bytes are counted than were read"
[ $((read_sectors - $(said bytes) / 512)) -le 16384 ] || fail "$read_sectors sectors were read"

# --- processes: the kernel counts those of all, so it counts at least as many
processes() {
	sed -n 's/^processes //p' /proc/stat
}
switches() {
	sed -n 's/^ctxt //p' /proc/stat
}
before=$(processes)
work 300ms system-fork
[ $(($(processes) - before)) -ge "$(said operations)" ] || fail "fewer processes were made"
before=$(switches)
work 300ms system-switch
[ $(($(switches) - before)) -ge $((2 * $(said operations))) ] || fail "fewer switches were made"

# --- network: in a namespace of our own nobody else sends anything
command -v ip >/dev/null || skip "needs ip (iproute2)"
cat >"$scratch/inside" <<'END'
set -u
ip link set lo up || exit 77
udp() {
	awk -v name="$1" '/^Udp:/ { if (!n) { for (i = 2; i <= NF; i++) if ($i == name) n = i }
		else print $n }' /proc/net/snmp
}
received() {
	awk '$1 == "lo:" { print $2 }' /proc/net/dev
}
"$TRUCE" lab work --json --for 0 net-receive protocol=udp >receive &
receiver=$!
# Its worker, which is its only child.
worker() {
	ps -o pid= --ppid "$receiver" | tr -d ' '
}
within() {
	attempts=0
	until "$@"; do
		sleep 0.02
		attempts=$((attempts + 1))
		[ "$attempts" -lt 1000 ] || { echo "never: $*" >&2; exit 1; }
	done
}
listens() { grep -q ":$1 " /proc/net/udp /proc/net/udp6 /proc/net/tcp /proc/net/tcp6; }
within listens 1451
"$TRUCE" lab work --json --for 300ms net-send protocol=udp to=127.0.0.1 rate=5M >send1 || exit 1
# The receiver stands still: its buffer overflows, and the kernel drops the rest.
kill -STOP "$(worker)"
"$TRUCE" lab work --json --for 500ms net-send protocol=udp to=127.0.0.1 block=8K >send2 || exit 1
kill -CONT "$(worker)"
# All that is in the buffer is taken.
taken() {
	awk '$2 ~ /:1451$/ { split($5, queue, ":"); if (queue[2] != "00000000") exit 1 }' \
		/proc/net/udp /proc/net/udp6
}
within taken
kill -TERM "$receiver"
wait "$receiver"
echo "in=$(udp InDatagrams) dropped=$(udp RcvbufErrors)" >kernel
before=$(received)
"$TRUCE" lab work --json --for 0 net-receive >stream-in &
receiver=$!
"$TRUCE" lab work --json --for 300ms net-send to=127.0.0.1 >stream-out || exit 1
kill -TERM "$receiver"
wait "$receiver"
echo "stream=$(($(received) - before))" >>kernel
exit 0
END
(cd "$scratch" && TRUCE=$TRUCE unshare -n sh ./inside) || {
	[ $? -eq 77 ] && skip "needs a network namespace"
	fail "the exchange in a namespace did not work"
}
in=0 dropped=0 stream=0
# shellcheck disable=SC1091
eval "$(tr ' ' '\n' <"$scratch/kernel")"

sent=$(($(number "$scratch/send1" operations) + $(number "$scratch/send2" operations)))
got=$(number "$scratch/receive" operations)
lost=$(number "$scratch/receive" lost)
expect_equal "arrived and lost" "$sent" "$((got + lost))"
[ "$lost" -gt 0 ] || fail "nothing was lost while the receiver stood still"
# The kernel counts the five that say how many there were, of each sender, as they come, too.
expect_equal "dropped, as the socket says" "$dropped" "$(number "$scratch/receive" results.dropped_here)"
[ $((dropped - lost)) -ge 0 ] && [ $((dropped - lost)) -le 10 ] ||
	fail "the kernel dropped $dropped, and $lost are counted as lost"
[ $((in - got)) -ge 0 ] && [ $((in - got)) -le 10 ] ||
	fail "the kernel delivered $in, and $got are counted"

# Headers and acknowledgements come on top: less than a tenth.
bytes=$(number "$scratch/stream-in" bytes)
[ "$stream" -ge "$bytes" ] && [ "$stream" -le $((bytes + bytes / 10 + 100000)) ] ||
	fail "lo carried $stream bytes, and $bytes are counted"
