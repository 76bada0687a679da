#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truce ksm fit, from processes that imitate guests and whose contents are known: how many VMs a host
# of stated memory holds comes out as counted by hand, of one kind and of a mix. Nothing is merged
# for it; what opted out, ended or was never there, and words that mean nothing, are one sentence.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

[ -e /sys/kernel/mm/ksm/run ] || skip "needs a kernel with KSM"
[ -x "$BUILD_ROOT/tests/ksm/fill" ] || skip "needs tests/ksm/fill"
need_program python3
export TRUCE_CONF_DIR="$scratch/conf"
mkdir "$scratch/conf"
run_before=$(cat /sys/kernel/mm/ksm/run)

# 20 MiB like in every VM, 8 of zeros, 6 of its own; and another kind.
cp "$BUILD_ROOT/tests/ksm/fill" "$scratch/qemu-system-fill"
number=0
for recipe in data:20:7,zero:8,data:6:101 data:20:7,zero:8,data:6:102 data:4:7,data:28:201 data:4:7,data:28:202; do
	number=$((number + 1))
	mkfifo "$scratch/words$number"
	"$scratch/qemu-system-fill" hold "$recipe" <"$scratch/words$number" >"$scratch/fill$number" &
	eval "pid$number=$!"
	background_pids="$background_pids $!"
	eval "exec $((number + 2))>\"$scratch/words$number\""
done
for number in 1 2 3 4; do
	poll_until 60 grep -q '^ready' "$scratch/fill$number" || fail "no memory of known contents"
done

# fits KEY OPTION...: a number of VMs.
fits() {
	key=$1
	shift
	expect_exit 0 "$TRUCE" ksm fit --json --wait 100ms --limit max --used 0 --reserve 0 --overhead 0 --spread 0% \
		--rewriting 0 "$@"
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["fits"][sys.argv[2]])' "$scratch/out" "$key"
}
# pids come by eval above
# shellcheck disable=SC2154
kind_a=a=$pid1,$pid2 kind_b=b=$pid3,$pid4
# 34 MiB each; merged 20 + n (6 + 8 / 256 + 34 * 64 / 4096) MiB.
expect_equal "off" 30 "$(fits off --kind "$kind_a" --host-memory 1024M)"
expect_equal "on" 152 "$(fits on --kind "$kind_a" --host-memory 1024M)"
# Room for one that writes to all it shares: 28 MiB less.
expect_equal "on, with room for one" 148 "$(fits on --kind "$kind_a" --host-memory 1024M --rewriting 1)"
# Room for all is KSM off, with its book-keeping.
expect_equal "on, with room for all" 29 "$(fits on --kind "$kind_a" --host-memory 1024M --rewriting all)"
# Three of a to one of b, in the order a, a, b, a: 62 and 20 are 996.9 MiB, with one b more it is 1025.4.
expect_equal "a mix" 82 "$(fits on --kind "$kind_a" --kind "$kind_b" --mix a:3,b:1 --host-memory 1024M)"
expect_equal "KSM's run" "$run_before" "$(cat /sys/kernel/mm/ksm/run)"
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/ksm-fit.schema.json" <"$scratch/out" >"$scratch/said"
case $? in
0 | 77) ;;
*) fail "$(head -n 5 "$scratch/said")" ;;
esac

# A file of fingerprints tells the same of a host that it did not see.
expect_exit 0 "$TRUCE" ksm estimate --wait 100ms --limit max --save "$scratch/prints" "$pid1" "$pid2"
expect_equal "on, by a file" 152 "$(fits on --prints "$scratch/prints" --host-memory 1024M)"

# The table says the same, and of one VM that not much is known.
expect_exit 0 "$TRUCE" ksm fit --wait 0 --kind "$kind_a" --host-memory 1024M --used 0
expect_match "the kind" '^a: 2 VMs seen, each 34\.[0-9]M' "$(cat "$scratch/out")"
expect_match "the answer" '^At a risk of 1 % it holds [0-9]+ with KSM off, [0-9]+ with KSM on' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" ksm fit --wait 0 --kind "a=$pid1" --host-memory 1024M --used 0
expect_match "one VM" 'of one VM it is not known' "$(cat "$scratch/out")"

for wrong in '--risk 0' '--risk x' '--host-memory 1Q' '--reserve 200%' '--rewriting some' '--limit fast' \
	'--kind a=' "--kind a=$pid1 --kind a=$pid2" "--kind a=$pid1 --mix b:1" "--kind a=$pid1 --mix a:0" \
	'--prints x --horizon 1h' '--wait 0 --horizon 1h' '--prints x --host-memory 1G'; do
	# shellcheck disable=SC2086
	expect_exit 2 "$TRUCE" ksm fit $wrong
	expect_equal "lines about $wrong" 1 "$(wc -l <"$scratch/err")"
done
expect_exit 1 "$TRUCE" ksm fit --wait 0 --kind nobody-is-called-that
expect_exit 1 "$TRUCE" ksm fit --wait 0 --kind "a=$pid1" --kind "b=$pid1,$pid2"
expect_match "one VM of two kinds" 'of two kinds' "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" ksm fit --prints "$SOURCE_ROOT/README.md"

# One that ends meanwhile is left out, and the others are told of: at any moment of the two waits.
for after in 0.1 0.6; do
	"$scratch/qemu-system-fill" hold data:8:7 <"$scratch/words1" >"$scratch/brief" &
	brief=$!
	background_pids="$background_pids $brief"
	poll_until 60 grep -q '^ready' "$scratch/brief" || fail "no memory of known contents"
	"$TRUCE" ksm fit --limit max --wait 500ms --horizon 1h --kind "a=$pid1,$brief" --used 0 >"$scratch/out" \
		2>"$scratch/err" &
	fitting=$!
	poll_until 30 grep -q 'fingerprints made' "$scratch/err" || fail "it did not begin"
	sleep "$after"
	kill -9 "$brief"
	status=0
	wait "$fitting" || status=$?
	expect_equal "exit code, $after s in" 3 "$status"
	expect_match "who ended" 'ended while' "$(cat "$scratch/err")"
done

# What opted out is not read.
printf '[vm qemu-system-fill]\nfingerprints = no\n' >"$scratch/conf/truce.conf"
expect_exit 1 "$TRUCE" ksm fit --wait 0 --kind "$kind_a"
expect_match "opted out" 'opted out' "$(cat "$scratch/err")"
