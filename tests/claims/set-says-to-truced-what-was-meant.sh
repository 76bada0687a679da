#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truce set and truce undo: what they ask of truced, and how they tell what came of it.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program python3
cat >"$scratch/answers" <<'END'
{"set": {"ok": true, "setting": "cpu.weight", "value": "400", "until_usec": 1772377531000000},
 "set memory.limit": {"ok": false, "kind": "impossible", "error": "it has no balloon device"},
 "set ksm.run": {"ok": true, "setting": "ksm.run", "value": "1", "until_usec": 0},
 "set net.limit": {"ok": true, "setting": "net.limit", "value": "1 MiB/s", "until_usec": 0,
   "cannot": ["it has no tap"]},
 "let-go": {"ok": true},
 "undo": {"ok": true},
 "undo cpu.weight": {"ok": true, "again_by": "gold-first"},
 "vms idle": {"ok": true, "vms": [{"id": "2-2-0", "name": "idle", "settings": [], "holds": []}]},
 "vms": {"ok": true, "vms": [{"id": "1-2-0", "name": "db-1", "class": "gold", "policy": "gold-first",
   "settings": [{"setting": "cpu.weight", "asked": "cpu.shares", "value": "400", "from": "100", "dry_run": false},
                {"setting": "memory.reclaim", "asked": "memory.reclaim", "value": "1 GiB", "from": null, "dry_run": false},
                {"setting": "cpu.quota", "asked": "cpu.quota", "value": "2 CPUs", "from": "max", "dry_run": false}],
   "holds": [{"setting": "cpu.quota", "value": "2 CPUs", "until_usec": 0}]}]}}
END
export TRUCE_RUN_DIR="$scratch" TZ=UTC
background "$SOURCE_ROOT/tests/claims/fake_truced.py" "$scratch" "$scratch/answers" "$scratch/log"
poll_until 10 [ -S "$scratch/control.sock" ] || fail "the fake truced does not listen"

# asked PYTHON: this holds of the last request.
asked() {
	python3 -c 'import json, sys, time
r = json.loads(open(sys.argv[1]).readlines()[-1])
assert eval(sys.argv[2]), (sys.argv[2], r)' "$scratch/log" "$1" || fail "not asked as it should be"
}

# An hour, unless it is said.
expect_exit 0 "$TRUCE" set db-1 cpu.weight=400
expect_equal "what came of it" \
	"db-1: cpu.weight 400 until 2026-03-01 15:05:31.000, before every policy" "$(cat "$scratch/out")"
asked 'r["do"] == "set" and r["vm"] == "db-1" and r["setting"] == "cpu.weight" and r["value"] == "400"'
asked '3500 < r["until_usec"] / 1e6 - time.time() <= 3600'
expect_exit 0 "$TRUCE" set db-1 cpu.weight=400 --for 20m
asked '1100 < r["until_usec"] / 1e6 - time.time() <= 1200'
expect_exit 0 "$TRUCE" set db-1 --keep cpu.limit=150%
asked 'r["setting"] == "cpu.limit" and r["value"] == "1.5 CPUs" and r["until_usec"] == 0'
expect_exit 0 "$TRUCE" set host ksm.run=1 --keep
asked 'r["vm"] == "host"'
expect_match "for good" '^host: ksm.run 1 for good' "$(cat "$scratch/out")"

# Letting go: of one, or of all that a person holds.
expect_exit 0 "$TRUCE" set db-1 cpu.weight=
asked 'r["do"] == "let-go" and r["setting"] == "cpu.weight"'
expect_exit 0 "$TRUCE" set --release db-1
asked 'r["do"] == "let-go" and r["setting"] == "cpu.quota"'
expect_exit 1 "$TRUCE" set --release idle
expect_match "nothing held" 'no person holds anything of "idle"' "$(cat "$scratch/err")"

# Some of it, and none of it.
expect_exit 3 "$TRUCE" set db-1 cpu.weight=400 memory.limit=1GiB
expect_match "what was set" '^db-1: cpu.weight 400' "$(cat "$scratch/out")"
expect_match "what was not" 'memory.limit: it has no balloon device' "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" set db-1 memory.limit=1GiB

# What is held and cannot be is said, and is no success.
expect_exit 1 "$TRUCE" set db-1 net.limit=1MiB/s --keep
expect_match "why not" '^truce set: net.limit: cannot: it has no tap$' "$(cat "$scratch/err")"
expect_match "what is held" '^db-1: net.limit 1 MiB/s for good' "$(cat "$scratch/out")"
expect_exit 3 "$TRUCE" set db-1 cpu.weight=400 net.limit=1MiB/s

# What cannot be meant is not asked.
before=$(wc -l <"$scratch/log")
for wrong in cpu.wieght=4 cpu.weight=0 cpu.weight=lots cpu.weight ksm.run=1 memory.high=1CPU; do
	expect_exit 2 "$TRUCE" set db-1 "$wrong"
	expect_equal "sentences about $wrong" 1 "$(wc -l <"$scratch/err")"
done
expect_exit 2 "$TRUCE" set db-1 cpu.wieght=4
expect_match "an unknown setting" 'did you mean cpu.weight\? \(truce set --list shows all\)' "$(cat "$scratch/err")"
expect_exit 2 "$TRUCE" set host cpu.weight=400
expect_exit 2 "$TRUCE" set db-1
expect_exit 2 "$TRUCE" set
expect_exit 2 "$TRUCE" set db-1 cpu.weight=4 --keep --for 5m
expect_exit 2 "$TRUCE" set --release db-1 cpu.weight=5
expect_exit 2 "$TRUCE" undo db-1 cpu.wieght
expect_exit 2 "$TRUCE" undo
expect_equal "requests of wrong usage" "$before" "$(wc -l <"$scratch/log")"

# Undo names what it gives back, and who would set it again.
expect_exit 0 "$TRUCE" undo -n db-1
expect_equal "what would be given back" 2 "$(wc -l <"$scratch/out")"
asked 'r["do"] == "vms"'
expect_exit 0 "$TRUCE" undo db-1
expect_match "a setting" '^db-1: cpu.weight 400, given back$' "$(cat "$scratch/out")"
expect_match "the pause" '^paused: truce resume db-1 ' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" undo all
asked 'r["do"] == "undo" and r["vm"] == "all" and "setting" not in r'
expect_exit 0 "$TRUCE" undo db-1 cpu.weight
asked 'r["setting"] == "cpu.weight"'
expect_match "who asks for it" 'policy gold-first goes on asking' "$(cat "$scratch/out")"
expect_equal "one of two" 1 "$(grep -c ', given back$' "$scratch/out")"
expect_exit 0 "$TRUCE" undo idle
expect_match "nothing" '^nothing was set; paused: truce resume idle ' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" undo idle cpu.nice
expect_match "nothing" '^nothing is set on idle$' "$(cat "$scratch/out")"

# The settings themselves need nobody.
TRUCE_RUN_DIR=$scratch/nowhere expect_exit 0 "$TRUCE" set --list
diff -u "$SOURCE_ROOT/tests/golden/settings-table.txt" "$scratch/out" || fail "another table"
TRUCE_RUN_DIR=$scratch/nowhere expect_exit 0 "$TRUCE" set --list --json
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/settings.schema.json" <"$scratch/out" \
	>"$scratch/said"
case $? in
0) ;;
77) skip "$(cat "$scratch/said")" ;;
*) fail "$(cat "$scratch/said")" ;;
esac

# What took once is not given back, and nobody says so.
expect_exit 0 "$TRUCE" undo db-1
expect_equal "of memory.reclaim" "" "$(grep reclaim "$scratch/out")"
expect_exit 0 "$TRUCE" undo -n db-1 memory.reclaim
expect_equal "and asked for it" "memory.reclaim takes once: there is nothing to give back" "$(cat "$scratch/out")"
