#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What `truce ksm estimate` tells before anything is merged is what KSM then merges, within 2 % or 1 MB
# a VM, by the kernel's counters and by `truce ksm status` afterwards: VMs of which much is alike, of which all is their own, and of zeros. And it is what was put
# into their memory.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
need_program python3 python3
[ -x "$TRUCE_LIBEXEC/truce-ksm" ] || skip "needs truce-ksm, which was not built"
ksm=/sys/kernel/mm/ksm
[ -w "$ksm/run" ] || skip "needs a kernel with KSM"
[ "$(cat "$ksm/run")" = 0 ] || skip "needs a host on which KSM stands still"
[ -e /proc/self/ksm_merging_pages ] || skip "needs a kernel that tells what of a process is merged (6.1)"
! grep -qx -e ksmtuned -e momd -e vdsmd /proc/[0-9]*/comm 2>/dev/null || skip "somebody tunes KSM here"
case $(cat "$ksm/advisor_mode" 2>/dev/null) in '' | *'[none]'*) ;; *) skip "KSM's advisor is on" ;; esac

# Alike, own and zero pages of each: 12 to 24 MB.
plan="4000 1000 500
4000 1000 0
0 3000 2000
2000 500 3000"
vms=0
pids=
while read -r alike own zero; do
	name=made-$$-$vms
	: >"$scratch/$name"
	background "$SOURCE_ROOT/tests/claims/made_vm.py" "$name" "$alike" "$own" "$zero" \
		>"$scratch/$name" 2>"$scratch/err"
	pids="$pids $pid"
	vms=$((vms + 1))
	poll_until 30 grep -q ready "$scratch/$name" || skip "no VM of known memory: $(cat "$scratch/err")"
done <<END
$plan
END

names=$(for i in 0 1 2 3; do echo "made-$$-$i"; done)
# shellcheck disable=SC2086
estimate() { "$TRUCE" ksm estimate --json --wait 0 --limit max "$@" $names 2>"$scratch/err"; }
estimate >"$scratch/whole" || fail "no estimate: $(cat "$scratch/err")"
estimate --sample content:20 >"$scratch/content" || fail "no estimate: $(cat "$scratch/err")"
estimate --sample position:10% >"$scratch/position" || fail "no estimate: $(cat "$scratch/err")"

# shellcheck disable=SC2034 # for at_exit
before=$(cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs")
# shellcheck disable=SC2016
at_exit 'set -- $before; echo "$1" >$ksm/run; echo "$2" >$ksm/pages_to_scan; echo "$3" >$ksm/sleep_millisecs'
echo 20000 >"$ksm/pages_to_scan"
echo 5 >"$ksm/sleep_millisecs"
echo 1 >"$ksm/run"

merged() {
	for one in $pids; do
		cat "/proc/$one/ksm_merging_pages"
	done
}
# Two passes merge all that stays as it is, unless a page was locked just then; and what did not merge
# at first smart scan leaves out of up to eight passes.
passes() { [ "$(cat "$ksm/full_scans")" -ge $(($1 + 12)) ]; }
poll_until 60 passes "$(cat "$ksm/full_scans")" || skip "KSM comes to no end here within a minute"
merged >"$scratch/merged"
echo 0 >"$ksm/run"
# shellcheck disable=SC2086
"$TRUCE" ksm status --json $names >"$scratch/status" 2>"$scratch/err" || fail "no status: $(cat "$scratch/err")"

python3 - "$scratch" "$plan" <<'END' || fail "the estimate is not what was merged"
import json, sys

scratch, plan = sys.argv[1], [tuple(map(int, line.split())) for line in sys.argv[2].splitlines()]
read = lambda name: json.load(open(f"{scratch}/{name}", encoding="utf-8"))
whole, content, position, status = map(read, ("whole", "content", "position", "status"))
by_name = lambda vms: sorted(vms, key=lambda vm: vm["name"])
merged = [int(line) * 4096 for line in open(f"{scratch}/merged", encoding="ascii")]
wrong = []

# What was put in: alike pages are in three VMs, those of the last one twice at most.
saved = 4000 + 2000 + (500 + 2000 + 3000) - -(-5500 // 256)
def check(what, found, wanted, percent, least=1 << 20):
    print(f"{what}: {found / 2**20:.2f} MiB estimated, {wanted / 2**20:.2f} MiB are")
    if abs(found - wanted) > max(wanted * percent / 100, least):
        wrong.append(what)

check("put in", whole["all"]["saved_bytes"], saved * 4096, 0.5, 0)
check("put in, every 20th content", content["all"]["saved_bytes"], saved * 4096, 5, 0)
bounds = position["all"]
print(f"by position: {bounds['saved_least_bytes'] >> 20} to {bounds['saved_most_bytes'] >> 20} MiB")
if not bounds["saved_least_bytes"] <= saved * 4096 <= bounds["saved_most_bytes"]:
    wrong.append("the bounds by position")
for vm, after, got in zip(by_name(whole["vms"]), by_name(status["vms"]), merged):
    check(f"merged of {vm['name']}", vm["shared_bytes"], got, 2)
    check(f"merged of {vm['name']} by status", vm["shared_bytes"], after["merged_pages"] * 4096, 2)
first = [vm["id"] for vm in by_name(whole["vms"])[:2]]
def pair(told, key):
    return sum(one[key] for one in told["pairs"] if sorted((one["a"], one["b"])) == sorted(first))
check("common to the first two, by status", pair(whole, "saved_bytes"), pair(status, "common_bytes"), 2)
if wrong:
    print("not within the bounds: " + ", ".join(wrong))
sys.exit(bool(wrong))
END
