#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

host=$SOURCE_ROOT/tests/hosts/libvirt-systemd-v2
cat >"$scratch/good.lua" <<'END'
policy "good"
class "gold" { name = "db*" }
class "bronze" { name = "*" }
class "late" { name = "x*" }
intent "gold" { ["cpu.shares"] = 400 }
intent "bronze" { ["cpu.shares"] = 50 }
END

# keeps_to_schema: what is in $scratch/out.
keeps_to_schema() {
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/policy-check.schema.json" \
		<"$scratch/out" >"$scratch/said"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/said")" ;;
	*) fail "$(head -5 "$scratch/said")" ;;
	esac
}

# refused LINE PATTERN MARK: what is wrong is said with its line, and the mark is under it.
refused() {
	cat >"$scratch/wrong.lua"
	expect_exit 1 "$TRUCE" policy check --root "$host" "$scratch/wrong.lua"
	said=$(cat "$scratch/out")
	expect_match "the sentence" "^$scratch/wrong.lua:$1: .*$2" "$said"
	expect_match "the line" "^ *$1 \\| " "$said"
	[ -z "$3" ] || expect_match "the mark" "^     \\| *$3\$" "$said"
	expect_match "the verdict" '^not good' "$said"
	expect_exit 1 "$TRUCE" policy check --json --root "$host" "$scratch/wrong.lua"
	keeps_to_schema
	expect_match "no good" '"good":false,"policy":null' "$(cat "$scratch/out")"
}

refused 2 "cpu.shares" '\^{10,12}' <<'END'
class "all" { any = true }
intent "all" { ["cpu.sheres"] = 400 }
END
refused 1 "did you mean class" '\^{4}' <<'END'
clas "all" { any = true }
END
refused 3 "unexpected symbol" '' <<'END'
policy "x"
class "all" {
	any = = true }
END
refused 2 "cpu.shares" '\^{10,12}' <<'END'
class "all" { any = true }
intent "all" { ["cpu.shares"] = -1 }
END
refused 2 "no class \"gold\"" '\^{6}' <<'END'
policy "x"
intent "gold" { ["cpu.shares"] = 400 }
END
refused 2 "" '' <<'END'
policy "loops"
while true do end
END

# All that is wrong is said at once, each with its line.
refused 2 "cpu.shares" '\^{10,12}' <<'END'
class "all" { any = true }
intent "all" { ["cpu.sheres"] = 400 }
intent "all" { ["disk.limmit"] = 400 }
intent "al" { ["cpu.shares"] = 400 }
END
expect_match "the second" "^$scratch/wrong.lua:3: .*disk.limit" "$said"
expect_match "the third" "^$scratch/wrong.lua:4: .*no class \"al\"" "$said"
expect_equal "errors in JSON" 3 "$(grep -o '"severity":"error"' "$scratch/out" | wc -l)"

# Warnings do not refuse it. Its classes are told with the VMs of that host.
expect_exit 0 "$TRUCE" policy check --root "$host" "$scratch/good.lua"
said=$(cat "$scratch/out")
expect_match "a class that never has one" "^$scratch/good.lua:4: warning: class late" "$said"
expect_match "its line" '^   4 \| class "late"' "$said"
expect_match "what it is" '^good: 3 classes, 0 rules, every ' "$said"
expect_match "members" '^  (gold|bronze): [0-9]+ VMs?' "$said"
expect_match "the verdict" '^good, [0-9]+ warnings?$' "$said"
expect_exit 0 "$TRUCE" policy check --json --root "$host" "$scratch/good.lua"
keeps_to_schema
expect_match "good" '"good":true,"policy":\{"name":"good"' "$(cat "$scratch/out")"

# Against a recording as well; and the host that was named must be there.
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/recording" 4 10 || fail "no recording"
expect_exit 0 "$TRUCE" policy check --replay "$scratch/recording" "$scratch/good.lua"
expect_match "the recording's VMs" '^  bronze: 4 VMs: vm' "$(cat "$scratch/out")"

# The class for the rest is no mistake; of many VMs a person is shown the first, JSON has all.
"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/many" 30 4 || fail "no recording"
cat >"$scratch/rest.lua" <<'END'
policy "rest"
class "first" { name = "vm001" }
class "others" { any = true }
intent "first" { ["cpu.shares"] = 400 }
intent "others" { ["cpu.shares"] = 50 }
END
expect_exit 0 "$TRUCE" policy check --replay "$scratch/many" "$scratch/rest.lua"
said=$(cat "$scratch/out")
expect_match "no warning" '^good$' "$said"
expect_match "some of many" '^  others: 29 VMs: vm002, .*vm009 and 21 more$' "$said"
expect_exit 0 "$TRUCE" policy check --json --replay "$scratch/many" "$scratch/rest.lua"
expect_match "all in JSON" '"name":"vm029"' "$(cat "$scratch/out")"

expect_exit 1 "$TRUCE" policy check --root "$scratch/nowhere" "$scratch/good.lua"

# What says nothing of the policy is no verdict on it.
expect_exit 1 "$TRUCE" policy check "$scratch/nothing.lua"
expect_equal "a missing file" "" "$(cat "$scratch/out")"
expect_exit 2 "$TRUCE" policy check
