#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# fio and iperf3 run as workloads: what is counted is what they were told to do, what they say
# themselves, and no more than the kernel saw.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program fio fio
need_program iperf3 iperf3
need_program python3 python3
need_program losetup mount
need_program unshare util-linux
need_program ip iproute2

# said KEY: of the workload's JSON.
said() {
	python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1" <"$scratch/said"
}

# --- fio, on a disk that nobody else reads
truncate -s 16M "$scratch/disk"
loop=$(losetup --find --show "$scratch/disk" 2>/dev/null) || skip "needs a loop device"
at_exit 'losetup -d "$loop"'
sectors_read() {
	awk '{ print $3 }' "/sys/block/${loop#/dev/}/stat"
}

before=$(sectors_read)
expect_exit 0 "$TRUCE" lab work --json --for 0 command read=fio run="fio --name=x --filename=$loop \
	--rw=randread --bs=4k --direct=1 --size=8M --io_size=4M --rate_iops=1500 \
	--output-format=json+ --status-interval=100ms"
cp "$scratch/out" "$scratch/said"
expect_equal "fio's bytes" 4194304 "$(said bytes)"
expect_equal "fio's operations" 1024 "$(said operations)"
[ $((($(sectors_read) - before) * 512)) -ge 4194304 ] || fail "fio read less than it says"
python3 - "$scratch/said" <<'END' || fail "fio was not counted as it went, with its latencies"
import json, sys
said = json.load(open(sys.argv[1]))
told = sum(count for _, count in said["latency_nsec"])
moving = [part for part in said["intervals"] if part["operations"] > 0]
print("latencies told:", told, "intervals with operations:", len(moving))
sys.exit(told != 1024 or len(moving) < 3)
END

# --- iperf3, in a network in which nobody else is
cat >"$scratch/inside" <<'END'
ip link set lo up || exit 77
received() {
	awk '$1 == "lo:" { print $2 }' /proc/net/dev
}
iperf3 -s -1 -p 5301 >/dev/null 2>&1 &
attempts=0
until grep -q ":14B5 " /proc/net/tcp /proc/net/tcp6; do
	sleep 0.02
	attempts=$((attempts + 1))
	[ "$attempts" -lt 1000 ] || exit 1
done
before=$(received)
"$TRUCE" lab work --json --for 0 command read=iperf3 \
	run="iperf3 -J -t 1 -c 127.0.0.1 -p 5301 | tee own" >said || exit 1
echo $(($(received) - before)) >kernel
END
(cd "$scratch" && TRUCE=$TRUCE unshare -n sh ./inside) || {
	[ $? -eq 77 ] && skip "needs a network namespace"
	fail "iperf3 did not run in a namespace"
}
own=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["end"]["sum_received"]["bytes"])' \
	<"$scratch/own")
expect_equal "iperf3's bytes" "$own" "$(said bytes)"
kernel=$(cat "$scratch/kernel")
# Headers, acknowledgements, and what was under way at the end come on top.
[ "$kernel" -ge "$own" ] && [ "$kernel" -le $((own + own / 10 + 8000000)) ] ||
	fail "lo carried $kernel bytes, and $own are counted"
