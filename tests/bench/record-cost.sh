#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `truce record` at one snapshot a second: its memory with 500 real VMs (bar: 24 MB), and its CPU
# and bytes with 100, half of which spin. TRUCE_RECORD_SECONDS says how long the latter takes.
# shellcheck source=tests/bench/lib.sh
. "$SOURCE_ROOT/tests/bench/lib.sh"

seconds=${TRUCE_RECORD_SECONDS:-300}

need_root
need_kvm

# record FILE SECONDS: leaves what the process used in $peak_kb, $rss_kb and $cpu_ms.
record() {
	background "$TRUCE" record --for "$2s" "$1" 2>"$scratch/record.err"
	recorder=$pid
	sleep "$(($2 - 1))" # it is being measured for so long
	[ -d "/proc/$recorder" ] || fail "truce record ended: $(cat "$scratch/record.err")"
	peak_kb=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$recorder/status")
	rss_kb=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$recorder/status")
	cpu_ms=$(awk '{ sum += $1 } END { print sum / 1e6 }' /proc/"$recorder"/task/*/schedstat)
	wait "$recorder" || fail "truce record failed: $(cat "$scratch/record.err")"
}

bench_head "truce record, a snapshot a second"

fleet --vms 500 --spin 0.5
record "$scratch/500" 30
end_all
echo "500 VMs for 30 s: memory $(awk "BEGIN { printf \"%.1f MB, at most %.1f MB\", $rss_kb / 1024, \
	$peak_kb / 1024 }") (bar 24): $(reached "$peak_kb" 24576)"
echo "                  $(awk "BEGIN { printf \"%.1f\", $cpu_ms / 30 }") ms of CPU a second"

fleet --vms 100 --spin 0.5
record "$scratch/100-short" 10
record "$scratch/100" "$seconds"
end_all
bytes=$(($(stat -c %s "$scratch/100") - $(stat -c %s "$scratch/100-short")))
echo "100 VMs for $seconds s: $(awk "BEGIN { printf \"%.1f\", $cpu_ms / $seconds }") ms of CPU a second"
awk -v bytes="$bytes" -v seconds="$((seconds - 10))" 'BEGIN {
	day = bytes / seconds * 86400 / 1e6
	printf "                  %.0f bytes a snapshot without the first ten, which is %.0f MB a day\n", \
		bytes / seconds, day
	printf "                  (bar: tens of megabytes): %s\n", day < 100 ? "reached" : "not reached"
}'
