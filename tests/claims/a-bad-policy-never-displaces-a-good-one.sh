#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A policy that does not load, by the socket, by reload or after a restart, is refused with its
# line, and what ran before goes on with what it set.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce'
policy good 400
truced_start
vm_start 2
poll_until 30 all_weigh 400 || fail "the good policy gave $(weights) and not 400"

answer=$(ask '{"do":"policy.load","path":"good.lua","source":"policy \"good\"\nclas \"x\" {}\n"}')
expect_match "a load with a mistake" '"ok":false.*good\.lua:2: ' "$answer"
answer=$(ask '{"do":"policy.load","path":"huge.lua","source":"policy \"huge\"\nclass \"h\" { any = true }\nintent \"h\" { cpu = { reserve = 5000 * cpus } }\n"}')
expect_match "a reservation that does not fit" '"ok":false' "$answer"
expect_match "and is told in CPUs" 'CPU' "$answer"
answer=$(ask '{"do":"policy.load","path":"hand.lua","source":"policy \"set\"\n"}')
expect_match "a policy that would pass for a person" '"ok":false.*hand\.lua: no policy is called' "$answer"

echo 'policy "good" this is no Lua' >"$TRUCE_CONF_DIR/policies.d/good.lua"
answer=$(ask '{"do":"reload"}')
expect_match "a reload with a bad file" '"ok":true,"problems":\["[^"]*good\.lua:1: ' "$answer"
expect_match "what runs" '"name":"good"' "$(ask '{"do":"policy.list"}')"
all_weigh 400 || fail "after the bad reload: $(weights)"

# One whose name is that of its file, beside one that is called as the first was once being read.
answer=$(ask '{"do":"policy.load","path":"new-odd.lua","source":"warn(\"none\")\n"}')
expect_match "a policy that is called after its file" '"ok":true,"name":"new-odd"' "$answer"
answer=$(ask '{"do":"policy.load","path":"odd.lua","source":"warn(\"none\")\n"}')
expect_match "another one" '"ok":true,"name":"odd"' "$answer"

# Whom two classes match is told, but not that the class for the rest matches all.
answer=$(ask '{"do":"policy.load","path":"odd.lua","source":"class \"a\" { name = \"*0\" }\nclass \"b\" { name = \"*0\" }\n"}')
expect_match "two classes for one VM" '"warnings":\[.*class b matches .*class a \(line 1\) stands before it' "$answer"
answer=$(ask '{"do":"policy.load","path":"odd.lua","source":"class \"a\" { name = \"*0\" }\nclass \"rest\" { any = true }\n"}')
expect_match "a class for the rest" '"ok":true' "$answer"
expect_equal "it is no second one" "" "$(echo "$answer" | grep 'stands before')"

# A class that matches nothing is told by load as by check, and the log names the policy and who
# loaded it.
printf 'policy "lonely"\nclass "none" { name = "nobody-%s-*" }\nintent "none" { cpu = { shares = 50 } }\n' \
	"$vms" >"$scratch/lonely.lua"
expect_exit 0 "$TRUCE" policy load "$scratch/lonely.lua"
expect_match "load" '^truce policy load: warning: line 2: class none matches none of the [0-9]+ VMs' \
	"$(cat "$scratch/err")"
expect_exit 0 "$TRUCE" policy check "$scratch/lonely.lua"
expect_match "check" 'lonely.lua:2: warning: class none matches none of the [0-9]+ VMs' "$(cat "$scratch/out")"
expect_match "the log" "policy.load $scratch/lonely.lua by uid 0\$" "$(cat "$truced_log")"
expect_match "the log" "policy lonely is loaded from $scratch/lonely.lua\$" "$(cat "$truced_log")"
expect_exit 0 "$TRUCE" policy unload lonely
expect_match "the log" "policy.unload lonely by uid 0\$" "$(cat "$truced_log")"

truced_end TERM
truced_start
answer=$(ask '{"do":"policy.list"}')
expect_match "one of both after a restart" '"name":"odd"' "$answer"
expect_match "the other after a restart" '"name":"new-odd"' "$answer"
expect_match "what runs after a restart" '"name":"good"' "$(ask '{"do":"policy.list"}')"
expect_match "and what is said of it" 'good\.lua:1: .*its last good form runs' "$(ask '{"do":"status"}')"
all_weigh 400 || fail "after the restart: $(weights)"

echo '[truced]
mode = enfroce' >"$TRUCE_CONF_DIR/truce.conf"
answer=$(ask '{"do":"reload"}')
expect_match "a bad configuration" '"ok":false.*truce\.conf:2: .*did you mean enforce' "$answer"
expect_match "the mode" '"mode":"enforce"' "$(ask '{"do":"status"}')"

# A stranger's file, a file for everybody, and a link to a stranger's.
echo '[truced]
mode = enforce' >"$TRUCE_CONF_DIR/truce.conf"
for way in chown chmod link; do
	echo 'warn("none")' >"$scratch/strange.lua"
	rm -f "$TRUCE_CONF_DIR/policies.d/strange.lua"
	case $way in
	chmod) chmod 666 "$scratch/strange.lua" && mv "$scratch/strange.lua" "$TRUCE_CONF_DIR/policies.d/" ;;
	chown) chown 65534 "$scratch/strange.lua" && mv "$scratch/strange.lua" "$TRUCE_CONF_DIR/policies.d/" ;;
	link) chown 65534 "$scratch/strange.lua" && ln -s "$scratch/strange.lua" "$TRUCE_CONF_DIR/policies.d/" ;;
	esac
	answer=$(ask '{"do":"reload"}')
	expect_match "a reload with a stranger's policy ($way)" \
		'"problems":\[.*strange\.lua: (belongs to user 65534|everybody may write it)' "$answer"
done
rm -f "$TRUCE_CONF_DIR/policies.d/strange.lua"
! ask '{"do":"policy.list"}' | grep -q '"name":"strange"' || fail "a stranger's policy runs"

expect_match "an unload" '"ok":true' "$(ask '{"do":"policy.unload","name":"good"}')"
released() { ! all_weigh 400; }
poll_until 30 released || fail "what only the unloaded policy wanted stays: $(weights)"
