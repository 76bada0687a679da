#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# With a truced that adjusts real VMs: explain names the rule and its line, log tells it as it happens,
# a person's hand goes before the rule and back, and without the rule its adjustment is given back.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce' 'interval = 200ms'
background "$TINY_VMM" run --vms 2 --spin idle --name "$vms" >"$scratch/vmm"
poll_until 20 grep -q '^ready' "$scratch/vmm" || fail "no VMs"
gold=tiny_vmm-$vms-0 bronze=tiny_vmm-$vms-1
cat >"$scratch/peace.lua" <<END
policy "peace"
interval (200 * ms)
class "gold" { name = "$gold" }
class "bronze" { name = "$bronze" }
intent "gold" { ["cpu.shares"] = 400 }
rule "calm" {
	class = "bronze",
	run = function(vm, state, host)
		vm:set("cpu.limit", 0.5 * cpus, "because it may")
	end,
}
END
truced_start

# Before there is a policy: that is why.
expect_exit 0 "$TRUCE" explain "$bronze"
expect_match "no policy" 'no policy is loaded' "$(cat "$scratch/out")"

"$TRUCE" log --follow --vm "$bronze" >"$scratch/followed" 2>&1 &
follower=$!
background_pids="$background_pids $follower"
expect_exit 0 "$TRUCE" policy load "$scratch/peace.lua"
expect_match "it is loaded" '^peace loaded' "$(cat "$scratch/out")"

# explained PATTERN: within ten seconds explain says so of the bronze VM.
explained() {
	wanted=$1
	says_so() { "$TRUCE" explain "$bronze" 2>&1 | tee "$scratch/said" | grep -Eq -- "$wanted"; }
	poll_until 30 says_so || fail "explain does not say '$wanted': $(cat "$scratch/said")"
}

explained '^[0-9].*set cpu.quota max -> 0.5 CPUs, applied$'
said=$(cat "$scratch/said")
expect_match "the class" "^$bronze .*: class bronze of policy peace$" "$said"
expect_match "what is set" 'cpu.quota 0.5 CPUs, was max, since .*, for cpu.limit by .*peace.lua:9$' "$said"
expect_match "the rule and its line" 'asked +cpu.limit by .*peace.lua:9, rule calm$' "$said"
expect_match "the line itself" '^ +9 \| +vm:set\("cpu.limit", 0.5 \* cpus, "because it may"\)$' "$said"
expect_match "why" 'because +because it may$' "$said"
told() { grep -q 'set cpu.quota max -> 0.5 CPUs, applied; peace.lua:9 calm: because it may' "$scratch/followed"; }
poll_until 30 told || fail "the follower heard: $(cat "$scratch/followed")"

# A file that is bad displaces nothing.
printf 'policy "peace"\nclas "x" {}\n' >"$scratch/bad.lua"
expect_exit 1 "$TRUCE" policy load "$scratch/bad.lua"
expect_match "its line" ':2: ' "$(cat "$scratch/err")"
expect_match "the good one runs" 'rule calm' "$("$TRUCE" policy show peace)"

# A person's hand goes before the rule, and back.
expect_exit 0 "$TRUCE" set "$bronze" cpu.limit=1.5CPUs --for 10m
explained '^[0-9].*set cpu.quota 0.5 CPUs -> 1.5 CPUs, applied$'
explained 'cpu.limit 1.5 CPUs, until '
expect_exit 0 "$TRUCE" set --release "$bronze"
explained '^[0-9].*set cpu.quota 1.5 CPUs -> 0.5 CPUs, applied$'

# What this host cannot do is no success, and says why, whether or not a VMM must be asked first:
# a VM without a tap, without a balloon.
expect_exit 1 "$TRUCE" set "$bronze" net.limit=1MiB/s
expect_match "why not" '^truce set: net.limit: cannot: it has no tap' "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" set "$bronze" memory.balloon=1MiB
expect_match "why not" '^truce set: memory.balloon: cannot: it has no balloon' "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" set -n "$bronze" net.limit=1MiB/s
expect_exit 0 "$TRUCE" set --release "$bronze"

# Paused, that is why; undone, it is as it was.
expect_exit 0 "$TRUCE" pause "$bronze"
explained 'it is paused'
expect_exit 0 "$TRUCE" undo "$bronze"
expect_match "what is given back" "^$bronze: cpu.quota 0.5 CPUs, given back$" "$(cat "$scratch/out")"
quota() { "$TRUCE" list --over 0 --no-header --columns quota "$bronze" 2>/dev/null | tr -d ' '; }
is_free() { [ "$(quota)" = max ]; }
poll_until 30 is_free || fail "undo left a quota of $(quota)"
expect_exit 0 "$TRUCE" resume "$bronze"
is_held_back() { [ "$(quota)" = 50.0 ]; }
poll_until 30 is_held_back || { "$TRUCE" explain "$bronze"; cat "$truced_log"; fail "resume brought a quota of $(quota)"; }

# Without the rule that is named the adjustment vanishes; the intent's stays.
sed '/^rule/,$d' "$scratch/peace.lua" >"$scratch/peace2.lua"
mv "$scratch/peace2.lua" "$scratch/peace.lua"
expect_exit 0 "$TRUCE" policy load "$scratch/peace.lua"
expect_match "in its place" 'in the place of' "$(cat "$scratch/out")"
explained '^[0-9].*release cpu.quota .* -> max, restored$'
poll_until 30 is_free || fail "without its rule a quota of $(quota)"
expect_match "the other stays" "cpu.weight 400" "$("$TRUCE" explain "$gold")"

# Top and list have it; both verbs keep to their schemas with a real truced.
expect_match "the list" "^$gold +gold " "$("$TRUCE" list "$gold" 2>/dev/null)"
COLUMNS=140 "$TRUCE" top --once >"$scratch/out" 2>/dev/null
expect_match "top" "^$gold +gold .* cpu.weight 400 +peace.lua:5" "$(cat "$scratch/out")"
for verb in explain log policies; do
	case $verb in
	explain) "$TRUCE" explain --json "$bronze" ;;
	log) "$TRUCE" log --json ;;
	policies) "$TRUCE" policy show --json ;;
	esac >"$scratch/out" || fail "$verb --json failed"
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/$verb.schema.json" <"$scratch/out" \
		>"$scratch/said"
	case $? in
	0 | 77) ;;
	*) fail "$verb: $(head -5 "$scratch/said")" ;;
	esac
done

expect_exit 0 "$TRUCE" undo all
expect_match "all" "^$gold: cpu.weight 400, given back$" "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" undo all
expect_match "nothing more" '^nothing was set; paused' "$(cat "$scratch/out")"

# Unloaded, what it had set is given back; and never was a copy of ours told as the file.
expect_exit 0 "$TRUCE" resume
is_raised() { "$TRUCE" explain "$gold" | grep -q 'cpu.weight 400, was'; }
poll_until 30 is_raised || fail "resume brought back nothing: $("$TRUCE" explain "$gold")"
expect_exit 0 "$TRUCE" policy unload peace
is_lowered() { "$TRUCE" log --vm "$gold" | tail -1 | grep -q 'restored'; }
poll_until 30 is_lowered || fail "after the unload: $("$TRUCE" log --vm "$gold" | tail -3)"
"$TRUCE" log --json >"$scratch/out" || fail "log --json failed"
python3 - "$scratch" <<'END' || fail "a cause is in a file that nobody gave"
import re, sys
paths = set(re.findall(r'"path": ?"([^"]*)"', open(sys.argv[1] + "/out", encoding="utf-8").read()))
paths.discard("")
assert paths == {sys.argv[1] + "/peace.lua"}, paths
END
