#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm

# The interval is long: what comes before its end has not waited for a look.
background "$TRUCE" events --json --interval 5m >"$scratch/events" 2>"$scratch/err"
events_pid=$pid
looks() { ls -l /proc/"$events_pid"/fd 2>/dev/null | grep -q 'socket:'; }
poll_until 10 looks || fail "events does not run: $(cat "$scratch/err")"
background "$TINY_VMM" births --count 1 --hold-ms 300 --name first >/dev/null
told() { [ "$(grep -c "\"event\":\"$1\".*\"name\":\"[^\"]*$2" "$scratch/events")" -ge "$3" ]; }
poll_until 10 told destroyed '' 1 || fail "the first death was not told: $(cat "$scratch/events" "$scratch/err")"

"$TINY_VMM" births --count 20 --vcpus 2 --gap-ms 20 --hold-ms 200 --name later >"$scratch/births" ||
	fail "no VMs were born"
poll_until 10 told destroyed later 20 || fail "not all deaths were told: $(cat "$scratch/events")"
told created later 20 || told created '' 21 || fail "not all births were told"
told 'vcpu added' '' 40 || fail "not all vCPUs were told"

# Each of them is born once and dies once, in this order. (Others may live and die here, too.)
grep later "$scratch/events" | sed -n 's/.*"event":"\([a-z]*\)","id":"\([^"]*\)".*/\2 \1/p' |
	grep -E ' (created|destroyed)$' | awk '
	$2 == "created" && $1 in born { print "born twice: " $1; exit 1 }
	$2 == "created" { born[$1] = 1 }
	$2 == "destroyed" && !($1 in born) { print "never born: " $1; exit 1 }
	$2 == "destroyed" { delete born[$1] }' || fail "births and deaths do not match"

# It ends by a signal, cleanly, and every line was whole.
kill -TERM "$events_pid"
wait "$events_pid" || fail "SIGTERM ended it with $?"
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/events.schema.json" <"$scratch/events" \
	>"$scratch/wrong"
case $? in
0) ;;
77) skip "$(cat "$scratch/wrong")" ;;
*) fail "$(cat "$scratch/wrong")" ;;
esac
