#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the agent asks of the guest's kernel: a wait and a write for each report, and a read of each
# of six files for each reading of counters, whatever else this machine does. Its processor time,
# which the benchmark `agent` measures, is little else.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program strace strace
bench=$BUILD_ROOT/src/agent/agent_bench
[ -x "$bench" ] || skip "needs the agent's benchmark, which was not built"
cat >"$scratch/agent" <<END
#!/bin/sh
exec strace -c -U calls,name -o "$scratch/calls" "$BUILD_ROOT/src/agent/truce-agent" "\$@"
END
chmod +x "$scratch/agent"
strace -o /dev/null true 2>"$scratch/err" || skip "strace does not work here: $(cat "$scratch/err")"

# 100 reports with 12 readings, then 500 reports. It ends with 1 where strace makes it too slow.
AGENT="$scratch/agent" "$bench" || :
cat "$scratch/calls"
calls() {
	awk -v name="$1" '$2 == name { print $1 }' "$scratch/calls"
}
for call in ppoll sendto pread64; do
	[ -n "$(calls $call)" ] || fail "no $call is counted"
done
[ "$(calls sendto)" -ge 600 ] || fail "600 reports were to be sent, and $(calls sendto) were"
[ "$(($(calls ppoll) + $(calls sendto)))" -le 1500 ] ||
	fail "600 reports took $(calls ppoll) waits and $(calls sendto) writes"
[ "$(calls pread64)" -le 96 ] || fail "12 to 16 readings took $(calls pread64) reads of files"
total=$(calls total)
[ "$total" -le 2000 ] || fail "600 reports took $total system calls"
