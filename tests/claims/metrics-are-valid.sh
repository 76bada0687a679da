#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What truce exports, by HTTP in both formats, as a text file and out of a recording, is what
# Prometheus' own tools take without complaint.
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program promtool prometheus
need_program curl
[ -x "$BUILD_ROOT/src/cmd/synthetic_recording" ] || skip "needs the unit tests' recordings"

promtool check metrics <"$SOURCE_ROOT/tests/golden/snapshot.prom" >"$scratch/lint" 2>&1 ||
	fail "the golden text: $(cat "$scratch/lint")"
expect_equal "complaints about it" "" "$(cat "$scratch/lint")"

background "$TRUCE" export --listen 127.0.0.1:0 --textfile "$scratch/truce.prom" --interval 100ms \
	--per-vcpu 2>"$scratch/err"
poll_until 10 test -s "$scratch/truce.prom" || fail "no text file: $(cat "$scratch/err")"
address=$(sed -n 's/.*metrics at //p' "$scratch/err")
promtool check metrics <"$scratch/truce.prom" >"$scratch/lint" 2>&1 ||
	fail "the text file: $(cat "$scratch/lint")"

poll_until 10 curl -sf -D "$scratch/head" -o "$scratch/classic" "$address" || fail "no answer at $address"
expect_match "the older format" '^Content-Type: text/plain; version=0.0.4' "$(cat "$scratch/head")"
promtool check metrics <"$scratch/classic" >"$scratch/lint" 2>&1 || fail "the scrape: $(cat "$scratch/lint")"

curl -sf -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.1' \
	-D "$scratch/head" -o "$scratch/openmetrics" "$address" || fail "no OpenMetrics at $address"
expect_match "OpenMetrics" '^Content-Type: application/openmetrics-text; version=1.0.0' \
	"$(cat "$scratch/head")"
expect_equal "the last line" "# EOF" "$(tail -n 1 "$scratch/openmetrics")"
kill "$pid"
wait "$pid"
expect_equal "the exporter's exit status" 0 $?
curl -s "$address" >/dev/null && fail "somebody still answers at $address"

# The strict parser of the Python client, where it is installed.
strict='
import sys
from prometheus_client.openmetrics.parser import text_fd_to_metric_families
for name in sys.argv[1:]:
    assert sum(len(family.samples) for family in text_fd_to_metric_families(open(name))) > 50
'
if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
	/usr/bin/python3 -c "$strict" "$scratch/openmetrics" \
		"$SOURCE_ROOT/tests/golden/snapshot.openmetrics" || fail "the strict parser complains"
fi

# A recording fills Prometheus' storage.
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/recording" 3 20 || fail "no recording"
"$TRUCE" dump "$scratch/recording" --openmetrics >"$scratch/dump" || fail "no dump"
promtool tsdb create-blocks-from openmetrics "$scratch/dump" "$scratch/data" >"$scratch/blocks" 2>&1 ||
	fail "backfilling: $(cat "$scratch/blocks")"
ls "$scratch"/data/*/index >/dev/null || fail "backfilling made no block"
