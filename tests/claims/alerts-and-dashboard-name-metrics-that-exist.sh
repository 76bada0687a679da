#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The alert rules fire when they should and not otherwise, and every metric that a rule or a panel
# of the dashboard names is one that doc/format lists.
. "$SOURCE_ROOT/tests/claims/lib.sh"

data=$SOURCE_ROOT/data
# Counters are listed without the _total that they are scraped with.
sed -n 's/^| `\(truced\{0,1\}_[a-z0-9_]*\)` | \([a-z]*\) .*/\1 \2/p' \
	"$SOURCE_ROOT/doc/format/truced-metrics.md" "$SOURCE_ROOT/doc/format/openmetrics-families.md" |
	awk '{ print $1 ($2 == "counter" ? "_total" : "") }' | sort -u >"$scratch/known"
[ "$(wc -l <"$scratch/known")" -gt 100 ] || fail "doc/format lists only $(wc -l <"$scratch/known") metrics"

python3 - "$data/dashboards/truce.json" >"$scratch/expressions" <<'PYTHON' || fail "the dashboard is no JSON"
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
assert len(panels) >= 8
for panel in panels:
    for target in panel["targets"]:
        print(target["expr"])
PYTHON
grep -E '^ *expr:' "$data/alerts/truce.rules.yml" >>"$scratch/expressions"
grep -Eo 'truced?_[a-z0-9_]+' "$scratch/expressions" | sort -u >"$scratch/named"
[ "$(wc -l <"$scratch/named")" -ge 15 ] || fail "rules and panels name only $(cat "$scratch/named")"
unknown=$(comm -13 "$scratch/known" "$scratch/named")
expect_equal "metrics that are named and do not exist" "" "$unknown"

need_program promtool prometheus
cd "$data/alerts" || exit 1
expect_exit 0 promtool check rules truce.rules.yml
expect_exit 0 promtool test rules truce.rules.test.yml
# Each expression of the dashboard is one of Prometheus' language.
sed 's/\$__rate_interval/5m/' "$scratch/expressions" | grep -v '^ *expr:' |
	awk 'BEGIN { print "groups:\n- name: dashboard\n  rules:" }
		{ gsub(/\047/, "\047\047"); printf "  - {record: \"d:%d\", expr: \047%s\047}\n", NR, $0 }' \
		>"$scratch/dashboard.yml"
expect_exit 0 promtool check rules "$scratch/dashboard.yml"
