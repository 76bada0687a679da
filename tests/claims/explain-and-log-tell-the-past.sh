#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A ledger of version 1 (tests/golden/ledger-version-1) is told as text and as JSON; tests/golden has
# the words, UPDATE_GOLDEN=1 writes them anew.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program python3
export TZ=UTC TRUCE_STATE_DIR="$SOURCE_ROOT/tests/golden/ledger-version-1" TRUCE_RUN_DIR="$scratch"

# golden NAME: what is in $scratch/out, compared.
golden() {
	if [ -n "${UPDATE_GOLDEN:-}" ]; then
		cp "$scratch/out" "$SOURCE_ROOT/tests/golden/$1"
	else
		diff -u "$SOURCE_ROOT/tests/golden/$1" "$scratch/out" || fail "$1 is not as it was"
	fi
	grep -q "$(printf '[\001-\010\013-\037]')" "$scratch/out" && fail "$1: control characters"
}

# keeps_to SCHEMA: the JSON in $scratch/out.
keeps_to() {
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/$1.schema.json" <"$scratch/out" \
		>"$scratch/said"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/said")" ;;
	*) fail "$1: $(head -5 "$scratch/said")" ;;
	esac
}

# -- without truced ------------------------------------------------------------------------------

expect_exit 3 "$TRUCE" log
golden log.txt
expect_match "the torn line is told of" '1 line of the ledger could not be read' "$(cat "$scratch/err")"
expect_exit 3 "$TRUCE" log --json
keeps_to log
expect_equal "objects" 7 "$(wc -l <"$scratch/out")"

expect_exit 3 "$TRUCE" log --vm db-1 --changes
expect_equal "changes of db-1" 3 "$(wc -l <"$scratch/out")"
expect_exit 3 "$TRUCE" log --vm 4712-88200-0
expect_equal "adjustments of an id" 2 "$(wc -l <"$scratch/out")"
expect_exit 3 "$TRUCE" log --policy set
expect_match "what a person did" 'cpu.weight 400 -> 800.*; a person$' "$(cat "$scratch/out")"
expect_equal "adjustments by people" 1 "$(wc -l <"$scratch/out")"
expect_exit 3 "$TRUCE" log --last 2
expect_equal "the newest two" 2 "$(grep -c '^2026-03-01 14:07' "$scratch/out")"
expect_exit 3 "$TRUCE" log --since 2026-03-01T14:07:00Z
expect_equal "since" 2 "$(wc -l <"$scratch/out")"
expect_exit 2 "$TRUCE" log --since never

expect_exit 3 "$TRUCE" explain db-1
golden explain-without-truced.txt
expect_match "the torn line is told of" '1 line of the ledger could not be read' "$(cat "$scratch/err")"
expect_exit 3 "$TRUCE" explain db-1 --json
keeps_to explain
expect_exit 1 "$TRUCE" explain nobody-is-called-that
expect_match "the sentence" 'no VM has the name' "$(cat "$scratch/err")"

# A ledger that is not there is an empty one.
TRUCE_STATE_DIR=$scratch expect_exit 0 "$TRUCE" log
expect_equal "no ledger" "" "$(cat "$scratch/out")"

# -- with truced ---------------------------------------------------------------------------------

cat >"$scratch/answers" <<'END'
{"status": {"ok": true, "mode": "enforce", "paused": false, "journal": {"full": false}},
 "policy.list": {"ok": true, "policies": [{"name": "gold-first", "loaded_usec": 1772373931000001}]},
 "policy.source": {"ok": true, "source": "-- one\n-- two\nclasses {\n\tgold = { shares = 400 },\n}\n"},
 "vms db-1": {"ok": true, "vms": [{"id": "4711-88123-0", "name": "db-1", "class": "gold", "policy": "gold-first",
   "managed": true, "paused": false,
   "settings": [{"setting": "cpu.weight", "asked": "cpu.shares", "value": "400", "from": "100",
     "where": "cpu.weight", "policy": "gold-first", "path": "gold-first.lua", "line": 4, "rule": "",
     "because": "", "since_usec": 1772373931000901, "id": 1772373931000001, "dry_run": false}],
   "holds": [{"setting": "cpu.quota", "value": "2 CPUs", "until_usec": 1772377531000000},
             {"setting": "cpu.nice", "value": "-5", "until_usec": 0}],
   "cannot": [{"setting": "memory.limit", "reason": "it has no balloon device"}],
   "held": [{"setting": "disk.weight", "reason": "changed less than 1 s ago"}]}]},
 "vms web": {"ok": true, "vms": [{"id": "1-2-0", "name": "web", "class": "", "policy": "", "managed": true,
   "paused": true, "settings": [], "holds": [], "cannot": [], "held": []}]},
 "vms": {"ok": false, "kind": "not-found", "error": "there is no such VM"},
 "log.follow": [{"ok": true},
  {"kind": "adjustment", "id": 1772374999000001, "time_usec": 1772374999000001, "boot": "b", "vm": "4711-88123-0",
   "name": "db-1", "class": "gold", "verdict": "set", "asked": "cpu.shares", "setting": "cpu.weight",
   "from": "100", "from_number": 100, "to": "300", "to_number": 300, "where": "", "predicted": "", "reason": "",
   "dry_run": false, "cause": {"policy": "gold-first", "path": "gold-first.lua", "line": 4, "rule": "",
   "because": "news", "inputs": []}},
  {"kind": "outcome", "id": 1772374999000001, "time_usec": 1772374999000100, "vm": "4711-88123-0",
   "setting": "cpu.weight", "status": "applied", "from": "100", "from_number": 100, "to": "300",
   "to_number": 300, "where": "cpu.weight", "text": ""},
  {"kind": "effect", "id": 1772374999000001, "before_usec": 30000000, "after_usec": 30000000,
   "before": {"cpu_permyriad": 5000}, "after": {"cpu_permyriad": 7500}}]}
END
background "$SOURCE_ROOT/tests/claims/fake_truced.py" "$scratch" "$scratch/answers" "$scratch/log"
poll_until 10 [ -S "$scratch/control.sock" ] || fail "the fake truced does not listen"

expect_exit 3 "$TRUCE" explain db-1
golden explain-db.txt
expect_exit 3 "$TRUCE" explain db-1 --last 1 --json
keeps_to explain
expect_match "the newest alone" '"adjustments":\[\{"source_line":' "$(cat "$scratch/out")"
expect_exit 3 "$TRUCE" explain web
golden explain-paused.txt
expect_exit 3 "$TRUCE" explain host
expect_match "the host's adjustment" 'ksm.run 0 -> 1, only planned' "$(cat "$scratch/out")"
# One that is gone is known by its past, by its id as well.
expect_exit 3 "$TRUCE" explain 4712-88200-0
expect_match "a VM that is gone" 'it does not run now' "$(cat "$scratch/out")"

# Followed, an adjustment is told once it is known what came of it, and then what followed.
expect_exit 1 "$TRUCE" log --follow --last 1
sed 1d "$scratch/out" >"$scratch/new"
expect_equal "news" 2 "$(wc -l <"$scratch/new")"
expect_match "what came of it" '^2026-.*db-1  set cpu.weight 100 -> 300, applied; gold-first.lua:4: news$' \
	"$(sed -n 1p "$scratch/new")"
expect_match "what followed" 'since cpu.weight 300: CPU 50 % -> 75 %$' "$(sed -n 2p "$scratch/new")"
