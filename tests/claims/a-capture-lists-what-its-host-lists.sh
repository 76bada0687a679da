#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a capture lists is what its host listed: every VM with its identity, threads and settings.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# Which vCPU belongs to which VM of a process, and to which thread, only KVM's directory says for sure.
[ -d /sys/kernel/debug/kvm ] || skip "debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug"

need_root
need_kvm
need_program qemu-system-x86_64 qemu-system-x86
python=/usr/bin/python3
[ -x "$python" ] || skip "needs python3"

word=kept$$
background "$TINY_VMM" run --vms 2 --vcpus 2 --spin 0.5 --name "$word-a" >/dev/null
background "$TINY_VMM" run --vms 3 --one-process --name "$word-b" >/dev/null
background qemu-system-x86_64 -accel tcg -nodefaults -display none -S \
	-name "guest=$word-c,debug-threads=on" -uuid 11111111-2222-3333-4444-555555555555

listed() { [ "$("$TRUCE" list --no-header -o name,vcpus --over 0 | grep -c "$word.* [12]\$")" -eq 6 ]; }
poll_until 20 listed || fail "six VMs were not listed: $("$TRUCE" list)"

"$TRUCE" list --json --over 0 >"$scratch/live.json"
[ $? -le 3 ] || fail "live list"
"$TRUCE" capture "$scratch/host" >"$scratch/said" || [ $? -eq 3 ] || fail "capture"
"$TRUCE" list --json --root "$scratch/host" >"$scratch/captured.json"
[ $? -le 3 ] || fail "list of the capture"

cat >"$scratch/compare.py" <<'END'
import json, sys
stable = ("id", "pid", "born", "name", "uuid", "vmm", "accel", "owner", "cgroup", "cgroup_own",
          "weight_where", "affinity", "threads", "nice", "policy", "rt_priority",
          "autogroup_nice", "weight", "quota_permyriad", "cpus_allowed", "locked_bytes")
def facts(path, word):
    with open(path) as file:
        document = json.load(file)
    vms = [vm for vm in document["vms"] if word in vm["name"]]
    for vm in vms:
        missing = [key for key in stable if key not in vm]
        assert not missing, missing
    return document["host"]["boot_id"], [
        ({key: vm[key] for key in stable}, [(vcpu["index"], vcpu["tid"]) for vcpu in vm["vcpus"]])
        for vm in vms]
live, captured = (facts(path, sys.argv[3]) for path in sys.argv[1:3])
assert len(live[1]) == 6, len(live[1])
for one, other in zip(live[1], captured[1]):
    for key in stable:
        # Born is reckoned from a clock that is read again.
        if key != "born" and one[0][key] != other[0][key]:
            sys.exit(f"{one[0]['name']}: {key} was {one[0][key]} and is {other[0][key]}")
    assert one[1] == other[1], (one, other)
assert len(live[1]) == len(captured[1]) and live[0] == captured[0]
END
"$python" "$scratch/compare.py" "$scratch/live.json" "$scratch/captured.json" "$word" ||
	fail "the capture differs"
