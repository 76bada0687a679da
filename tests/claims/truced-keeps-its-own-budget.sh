#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Over its budget truced doubles its interval and says so; with room in it, it comes back. It says
# what it costs, and has given up what it does not need.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce' 'interval = 100ms' 'budget = 0.01%'
policy fourfold 400
truced_start
is_stretched() { ask '{"do":"status"}' | grep -q '"interval_stretched":[248].*"over_budget":true'; }
poll_until 40 is_stretched || fail "over the budget: $(ask '{"do":"status"}')"
expect_match "the log" 'over the budget of 0.0 % of a CPU: the interval is 2 times as long' \
	"$(cat "$truced_log")"
expect_match "what it costs" '"own":\{"cpu_permyriad":[1-9][0-9]*,"rss_bytes":[1-9]' "$(ask '{"do":"status"}')"
expect_match "the metric" '^truced_over_budget 1' "$(ask '{"do":"metrics"}' | sed 's/\\n/\n/g')"

# What it tells is what doc/format/truced-metrics.md lists.
ask '{"do":"metrics"}' | python3 -c 'import json, sys; print(json.load(sys.stdin)["openmetrics"], end="")' \
	>"$scratch/metrics"
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$scratch/metrics" | sort >"$scratch/told"
sed -n 's/^| `\(truced_[a-z_]*\)` .*/\1/p' "$SOURCE_ROOT/doc/format/truced-metrics.md" | sort >"$scratch/listed"
expect_equal "families told and not listed, or listed and not told" "" \
	"$(comm -3 "$scratch/told" "$scratch/listed")"
if command -v promtool >/dev/null; then
	poll_until 20 test -s "$TRUCE_RUN_DIR/truced.prom" || fail "there is no truced.prom"
	promtool check metrics <"$TRUCE_RUN_DIR/truced.prom" >"$scratch/lint" 2>&1 ||
		fail "truced.prom: $(cat "$scratch/lint")"
fi

truced_conf '[truced]' 'mode = enforce' 'interval = 100ms' 'budget = 50%'
expect_match "reload" '"problems":\[\]' "$(ask '{"do":"reload"}')"
is_back() { ask '{"do":"status"}' | grep -q '"interval_stretched":1,'; }
poll_until 150 is_back || fail "within the budget: $(ask '{"do":"status"}')"

# Not one capability of those that open every door.
capabilities=$(awk '$1 == "CapEff:" { print $2 }' "/proc/$truced_pid/status")
# chown, setpcap, linux_immutable, sys_module, sys_rawio, sys_admin, sys_boot, sys_time
for number in 0 8 9 16 17 21 22 25; do
	[ $((0x$capabilities >> number & 1)) -eq 0 ] ||
		fail "truced keeps capability number $number (it has $capabilities)"
done
expect_match "new privileges" '^NoNewPrivs:[[:blank:]]1$' "$(cat "/proc/$truced_pid/status")"
if ldd "$TRUCED" | grep -q libseccomp && ! ldd "$TRUCED" | grep -q libasan; then
	expect_match "the filter" '^Seccomp:[[:blank:]]2$' "$(cat "/proc/$truced_pid/status")"
fi
