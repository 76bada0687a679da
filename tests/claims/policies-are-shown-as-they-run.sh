#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truce policy load hands over the bytes of the file, show prints what runs; hostile names stay text.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program python3

cat >"$scratch/answers" <<'END'
{"policy.list": {"ok": true, "policies": [
  {"name": "gold-first", "path": "/etc/truce/policies.d/gold-first.lua", "language": "lua", "kept": true,
   "hash": "9f86d081884c7d65", "interval_usec": 1000000, "loaded_usec": 1772373931000000,
   "classes": [
     {"name": "gold", "line": 3, "vms": 1, "intents": [{"setting": "cpu.shares", "value": "400", "line": 4}]},
     {"name": "bronze", "line": 6, "vms": 0, "intents": []}],
   "rules": [{"name": "calm", "line": 8, "scope": "vm"}],
   "turns": 4711, "errors": 2, "restarts": 0, "trouble": "gold-first.lua:9: no \u001b[31mfigure", "turn_cpu_usec": 180},
  {"name": "fig", "path": "/x/fig.so", "language": "c", "kept": false, "hash": "00", "interval_usec": 500000,
   "loaded_usec": 1772373931000000, "classes": [], "rules": [], "turns": 1, "errors": 0, "restarts": 0,
   "trouble": "", "turn_cpu_usec": 9}]},
 "policy.source gold-first": {"ok": true, "name": "gold-first", "source": "-- gold first\nclass {\n\tname = 'gold' }\n"},
 "policy.source fig": {"ok": true, "name": "fig", "source": null},
 "vms": {"ok": true, "vms": [
  {"id": "10-20-0", "name": "db\u001b[1m", "class": "gold", "policy": "gold-first",
   "settings": [{"setting": "cpu.weight", "value": "400", "policy": "gold-first"},
                {"setting": "cpu.nice", "value": "1", "policy": "set"}]},
  {"id": "11-20-0", "name": "web", "class": "", "policy": ""}]},
 "policy.load": {"ok": true, "name": "gold-first", "replaced": true, "warnings": ["class bronze matches nothing"]},
 "status": {"ok": true, "mode": "observe", "paused": false},
 "policy.unload nobody": {"ok": false, "kind": "not-found", "error": "there is no policy \"nobody\""},
 "policy.unload": {"ok": true},
 "pause all": {"ok": true}, "pause db-1": {"ok": true}, "resume db-1": {"ok": true},
 "pause": {"ok": false, "kind": "denied", "error": "only root and group truce may pause"}}
END
export TRUCE_RUN_DIR="$scratch" TZ=UTC
background "$SOURCE_ROOT/tests/claims/fake_truced.py" "$scratch" "$scratch/answers" "$scratch/log"
poll_until 10 [ -S "$scratch/control.sock" ] || fail "the fake truced does not listen"

expect_exit 0 "$TRUCE" policy show
expect_equal "lines" 4 "$(wc -l <"$scratch/out")"
expect_match "that nothing is turned" '^truced only observes: mode = enforce in truce.conf' "$(cat "$scratch/out")"
expect_match "a line a policy" '^gold-first +lua +2 +1 +1 +4711 +2 +/etc/truce/' "$(cat "$scratch/out")"

expect_exit 0 "$TRUCE" policy show gold-first
page=$(cat "$scratch/out")
expect_match "when it was loaded" '^  loaded 2026-03-01 14:05:31.* kept over boots, every 1' "$page"
expect_match "trouble, harmless" '^  last trouble: gold-first.lua:9: no \\x1b\[31mfigure$' "$page"
expect_match "a class with its intent" '^class gold \(line 3\): cpu.shares 400$' "$page"
expect_match "its VM, harmless" '^    db\\x1b\[1m$' "$page"
expect_match "a class that nobody is in" '^    no VM now$' "$page"
expect_match "a rule" '^rule calm \(line 8\), for each VM$' "$page"
expect_match "the source, tabs and all" '^   3 \|     name = ' "$page"

"$TRUCE" policy show --json >"$scratch/all.json" || fail "no JSON"
"$TRUCE" policy show gold-first --json >"$scratch/one.json" || fail "no JSON of one"
for json in all one; do
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/policies.schema.json" \
		<"$scratch/$json.json" >"$scratch/said"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/said")" ;;
	*) fail "$(cat "$scratch/said")" ;;
	esac
done
grep -q 'gold first' "$scratch/one.json" || fail "the JSON of one has no source"

expect_exit 1 "$TRUCE" policy show gold-frist
expect_match "a suggestion" 'did you mean gold-first\?' "$(cat "$scratch/err")"

# The bytes go over, and the place is whole whatever the directory.
printf -- '-- \303\274ber alles\nclass {}\n' >"$scratch/mine.lua"
expect_exit 0 sh -c "cd '$scratch' && '$TRUCE' policy load --keep mine.lua"
expect_match "what came of it" '^gold-first loaded, in the place of the one before' "$(cat "$scratch/out")"
expect_match "that it turns nothing" '^truced only observes: ' "$(cat "$scratch/out")"
expect_match "its warning" 'warning: class bronze matches nothing' "$(cat "$scratch/err")"
python3 - "$scratch" <<'END' || fail "the request for policy.load was not right"
import json, os, sys
requests = [json.loads(line) for line in open(sys.argv[1] + "/log", encoding="utf-8")]
load = [r for r in requests if r["do"] == "policy.load"][0]
assert load["source"] == open(sys.argv[1] + "/mine.lua", encoding="utf-8").read(), load
assert load["path"] == os.path.realpath(sys.argv[1] + "/mine.lua") and load["keep"] is True, load
END
printf '\377\n' >"$scratch/bytes.lua"
expect_exit 1 "$TRUCE" policy load "$scratch/bytes.lua"
expect_match "no text" 'UTF-8' "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" policy load "$scratch/answers"
expect_match "no policy's name" 'ends in .lua' "$(cat "$scratch/err")"

expect_exit 0 "$TRUCE" policy unload -n gold-first
expect_equal "what is set for it" 'db\x1b[1m: cpu.weight 400' "$(cat "$scratch/out")"
grep -q '"policy.unload"' "$scratch/log" && fail "a dry run unloads"
expect_exit 0 "$TRUCE" policy unload gold-first
grep -q '"policy.unload"' "$scratch/log" || fail "nothing was unloaded"
expect_exit 1 "$TRUCE" policy unload nobody
expect_equal "truced's own sentence" 'truce policy unload: there is no policy "nobody"' "$(cat "$scratch/err")"

expect_exit 0 "$TRUCE" pause
expect_match "all" '^paused: what is set on all VMs stays' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" pause db-1
expect_exit 0 "$TRUCE" resume db-1
expect_match "one" '^resumed: policies adjust db-1 again$' "$(cat "$scratch/out")"
expect_match "but not yet" '^truced only observes: ' "$(cat "$scratch/out")"
expect_exit 1 "$TRUCE" pause db-2
expect_match "a refusal" 'only root and group truce' "$(cat "$scratch/err")"

# Nobody there: one sentence that says what to do.
TRUCE_RUN_DIR=$scratch/nowhere expect_exit 1 "$TRUCE" policy show
expect_match "no truced" 'truced is not running .*start it' "$(cat "$scratch/err")"
