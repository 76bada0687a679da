#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Class, last adjustment and reason are in top and list where truced tells them, and nowhere else; the
# class is a label of the metrics. A truced that does not answer, or says nonsense, holds neither of
# them up.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
need_program python3
export TRUCE_RUN_DIR="$scratch" TZ=UTC
background "$TINY_VMM" run --vms 1 --spin idle --name told
found() {
	id=$("$TRUCE" list --no-header --columns id,name --over 0 2>/dev/null | sed -n 's/ *tiny_vmm-told-0$//p')
	[ -n "$id" ]
}
poll_until 20 found || fail "the VM is not listed"

"$TRUCE" list tiny_vmm-told-0 >"$scratch/out" 2>&1
head -1 "$scratch/out" | grep -q CLASS && fail "a column CLASS without truced"
"$TRUCE" top --once >"$scratch/out" 2>/dev/null
grep -q REASON "$scratch/out" && fail "a column REASON without truced"

# tell ANSWER: from now on truced says this to {"do":"vms"}.
tell() {
	[ -z "${fake:-}" ] || kill "$fake"
	rm -f "$scratch/control.sock"
	printf '{"vms": %s}' "$1" >"$scratch/answers"
	background "$SOURCE_ROOT/tests/claims/fake_truced.py" "$scratch" "$scratch/answers" "$scratch/log"
	fake=$pid
	poll_until 10 [ -S "$scratch/control.sock" ] || fail "the fake truced does not listen"
}

tell '{"ok": true, "vms": [{"id": "'"$id"'", "class": "gold", "last": {"time_usec": 1772373931000000,
	"verdict": "set", "setting": "cpu.weight", "from": "100", "to": "400", "policy": "gold-first",
	"path": "/etc/gold-first.lua", "line": 9, "rule": "calm", "because": "it waits", "outcome": "applied"}}]}'
"$TRUCE" list tiny_vmm-told-0 >"$scratch/out" 2>&1
expect_match "list has the class" '^tiny_vmm-told-0 +gold ' "$(cat "$scratch/out")"
"$TRUCE" list tiny_vmm-told-0 --json 2>/dev/null | grep -q '"class":"gold"' || fail "the JSON has no class"
expect_match "columns of list" '^gold +14:05:31 cpu.weight 400 +gold-first.lua:9 calm: it waits$' \
	"$("$TRUCE" list tiny_vmm-told-0 --columns class,last,reason --no-header 2>/dev/null)"
COLUMNS=140 "$TRUCE" top --batch 2 --interval 200ms >"$scratch/out" 2>/dev/null
expect_match "top has all three" \
	'^tiny_vmm-told-0 +gold .* 14:05:31 cpu.weight 400 +gold-first.lua:9 calm: it waits' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" export --textfile "$scratch/metrics.prom" --for 1s
expect_match "export has the class" '^truce_vm_info\{id="'"$id"'",.*,class="gold"' "$(cat "$scratch/metrics.prom")"

# Nonsense, and silence: the list is there all the same, within the time that is granted.
tell '{"ok": true, "vms": 7}'
"$TRUCE" list tiny_vmm-told-0 >"$scratch/out" 2>&1
expect_match "list under nonsense" '^tiny_vmm-told-0 ' "$(cat "$scratch/out")"
kill "$fake"
rm -f "$scratch/control.sock"
background python3 -c '
import signal, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
signal.pause()' "$scratch/control.sock"
poll_until 10 [ -S "$scratch/control.sock" ] || fail "nobody listens"
begin=$(date +%s)
"$TRUCE" list tiny_vmm-told-0 >"$scratch/out" 2>&1
expect_match "list under silence" '^tiny_vmm-told-0 ' "$(cat "$scratch/out")"
"$TRUCE" top --batch 2 --interval 200ms >"$scratch/out" 2>/dev/null
[ $(($(date +%s) - begin)) -le 10 ] || fail "a truced that is silent holds them up"
