#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How steady each workload's rate is between intervals of 100 ms, after the first second: as it is,
# which tells of the machine, too, and of those that only compute per processor time, which does not.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

need_program python3 python3
seconds=${1:-5}

bench_head "Rates of workloads: $seconds s each, one after the other"
printf '%-44s %14s %10s %12s %10s %s\n' workload operations/s variation 'middle half' \
	'per CPU' 'at most 5 %'

# row LINE...: the coefficient of variation, and how far apart the quartiles are.
row() {
	label=$(printf '%s ' "$@" | sed "s|$scratch|DIR|; s/ $//")
	"$TRUCE" lab work --json --for "$seconds" "$@" >"$scratch/said" ||
		fail "$label: $(cat "$scratch/said")"
	python3 - "$label" "$scratch/said" <<'END'
import json, statistics, sys
said = json.load(open(sys.argv[2]))
parts = said["intervals"][10:]

def variation(rates):
    return 100 * statistics.stdev(rates) / statistics.mean(rates)

rates = [part["operations"] * 1e9 / part["length_nsec"] for part in parts]
# In less than a tenth of an interval it did little but begin and end.
per_cpu = [part["operations"] * 1e9 / part["cpu_nsec"] for part in parts
           if part["cpu_nsec"] * 10 >= part["length_nsec"]]
low, middle, high = statistics.quantiles(rates, n=4)
computes = sys.argv[1].startswith(("cpu-", "memory-write", "memory-read"))
judged = variation(per_cpu if computes and len(per_cpu) > 2 else rates)
print("%-44s %14.1f %9.1f%% %11.1f%% %10s %s" % (
    sys.argv[1], said["operations_per_second"], variation(rates), 100 * (high - low) / middle,
    "%.1f%%" % variation(per_cpu) if computes and len(per_cpu) > 2 else "-",
    "reached" if judged <= 5 else "not reached"))
END
}

# beside HERE THERE...: the second talks to the first.
beside() {
	"$TRUCE" lab work --for 0 $1 >"$scratch/peer" 2>&1 &
	peer=$!
	shift
	row "$@"
	kill "$peer"
	wait "$peer" 2>/dev/null
}

row cpu-integer
row cpu-float
row cpu-prime
row memory-write size=1K
row memory-write size=64M
row memory-read size=1K
row memory-read size=256M
row memory-hold
row disk-write file="$scratch/f" direct=yes
row disk-write file="$scratch/f" direct=yes order=random
row disk-write file="$scratch/f" fsync=16
row disk-read file="$scratch/f" direct=yes
row disk-read file="$scratch/f" order=random
row file-server directory="$scratch"
beside net-receive net-send to=127.0.0.1
beside "net-receive protocol=udp" net-send to=127.0.0.1 protocol=udp rate=20M
beside net-respond net-request to=127.0.0.1
row system-call
row system-pipe
row system-switch
row system-fork
row system-exec
row system-copy
row system-shell
row latency
row latency arrivals=random
