#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All faulty policies that there are, in Lua and in C, are given to a truced that keeps a good one:
# crashes, endless loops and bombs cost it nothing, and what it set stands.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

need_program cc gcc
truced_conf '[truced]' 'mode = enforce'
# The first in the alphabet goes before the others, some of which set weights until they fail.
policy a-good-one 400
cat >>"$TRUCE_CONF_DIR/policies.d/a-good-one.lua" <<-'END'
	rule "turns are counted" { scope = "host", run = function(host, state) state.turn = (state.turn or 0) + 1 end }
END
truced_start
vm_start 2
poll_until 30 all_weigh 400 || fail "the good policy gave $(weights) and not 400"
good=$(pgrep -P "$truced_pid" truce-decide) || fail "the good policy has no process"

# The good policy's turns go on all the time: the longest while without one, in milliseconds.
cat >"$scratch/watch.py" <<'END'
import json, socket, sys, time
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
answers, turns, since, longest = client.makefile(), None, time.monotonic(), 0
while True:
    client.sendall(b'{"do":"policy.list"}\n')
    policies = json.loads(answers.readline())["policies"]
    now = [policy["turns"] for policy in policies if policy["name"] == "a-good-one"]
    if now != turns:
        turns, since = now, time.monotonic()
    longest = max(longest, time.monotonic() - since)
    with open(sys.argv[2], "w", encoding="ascii") as file:
        print(int(longest * 1000), *now, file=file)
    time.sleep(0.1)
END
background python3 "$scratch/watch.py" "$TRUCE_RUN_DIR/control.sock" "$scratch/watched" 2>"$scratch/watch.err"
poll_until 30 test -s "$scratch/watched" || fail "nobody watches the good policy"

# Those that do not compile are not even tried.
mkdir "$scratch/faulty"
cp "$SOURCE_ROOT"/tests/policies/faulty/*.lua "$scratch/faulty"
for source in "$SOURCE_ROOT"/tests/policies/faulty/*.c; do
	name=$(basename "$source" .c)
	"$TRUCE" policy build "$source" -o "$scratch/faulty/c-$name.so" >/dev/null 2>&1
done

tried=0 loaded=0
for file in "$scratch"/faulty/*; do
	tried=$((tried + 1))
	! "$TRUCE" policy load "$file" >"$scratch/out" 2>&1 || loaded=$((loaded + 1))
	! grep -q 'truced is not running' "$scratch/out" || fail "truced is gone after $file"
done
[ "$tried" -ge 100 ] || fail "only $tried faulty policies"
[ "$loaded" -ge 20 ] || fail "only $loaded faulty policies came as far as their turns"

# Each has had its turns, or has died in them.
everybody_had_a_turn() {
	ask '{"do":"policy.list"}' | python3 -c '
import json, sys
idle = [p["name"] for p in json.load(sys.stdin)["policies"]
        if p["rules"] and not p["turns"] and not p["restarts"] and not p["trouble"]]
sys.exit(len(idle) > 0)'
}
poll_until 60 everybody_had_a_turn || fail "some had no turn: $(ask '{"do":"policy.list"}')"

expect_match "what runs" '"name":"a-good-one"' "$(ask '{"do":"policy.list"}')"
all_weigh 400 || fail "what the good policy set did not stand: $(weights)"
expect_equal "the good policy's process" "$good" \
	"$(pgrep -P "$truced_pid" truce-decide | grep -x "$good")"
read -r longest turns <"$scratch/watched" || fail "the good policy is not watched any more"
[ "$longest" -le 5000 ] ||
	fail "a second is its interval, and for $longest ms the good policy had no turn"
echo "$tried faulty policies, $loaded of them up to their turns; the good one had $turns turns," \
	"at most $longest ms apart"
