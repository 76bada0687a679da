#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a rule with on = "birth" asks for is set within a fraction of a second of the VM's first vCPU,
# though the policy's tick is ten seconds; by the VMM's own log against the ledger. While VMs are
# born all the time there are fewer turns than births, within the budget.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce' 'interval = 10s' '[limits]' 'changes-per-minute = 100000'
cat >"$TRUCE_CONF_DIR/policies.d/greet.lua" <<POLICY
	policy "greet"
	interval (10 * seconds)
	class "greeted" { name = "*$vms-*" }
	rule "at birth" {
		class = "greeted",
		on = "birth",
		run = function(vm) vm:set("cpu.shares", 250, "it was born") end,
	}
POLICY
truced_start

# first_vcpu_to_applied COUNT MOST_MS: half of them within MOST_MS, and none is left out.
first_vcpu_to_applied() {
	python3 - "$scratch/births" "$TRUCE_STATE_DIR/adjustments.jsonl" "$@" <<-'PYTHON'
		import json, sys, time

		offset = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
		born, applied = {}, {}
		for line in open(sys.argv[1]):
		    words = line.split()
		    if words[0] == "vcpu":
		        born.setdefault(words[1], int(words[-1]) + offset)
		for line in open(sys.argv[2]):
		    entry = json.loads(line)
		    if entry["kind"] == "outcome" and entry["status"] == "applied":
		        applied.setdefault(entry["vm"].split("-")[0], entry["time_usec"] * 1000)
		late = sorted((applied[pid] - when) / 1e6 for pid, when in born.items() if pid in applied)
		if len(late) < int(sys.argv[3]):
		    sys.exit(f"FAILED: {len(late)} of {len(born)} births had their turn")
		middle = late[len(late) // 2]
		print(f"first vCPU -> applied: {len(late)} births, median {middle:.1f} ms, worst {late[-1]:.1f} ms")
		sys.exit(0 if middle < int(sys.argv[4]) else "FAILED: that is no moment")
	PYTHON
}

births() {
	setsid "$TINY_VMM" births --name "$vms" --log "$scratch/births" "$@" >/dev/null ||
		fail "the births went wrong"
}

births --count 5 --hold-ms 1500 --gap-ms 700
first_vcpu_to_applied 5 1000 || exit 1

births --count 300 --hold-ms 2000 --gap-ms 10
first_vcpu_to_applied 250 1500 || exit 1
ask '{"do":"status"}' >"$scratch/status"
ask '{"do":"policy.list"}' >"$scratch/policies"
python3 - "$scratch/status" "$scratch/policies" <<'PYTHON' || exit 1
import json, sys

own = json.load(open(sys.argv[1]))["own"]
turns = json.load(open(sys.argv[2]))["policies"][0]["turns"]
print(f"{own['births']} births, {turns} turns; truced {own['cpu_permyriad'] / 100} %, "
      f"policies {own['deciders_cpu_permyriad'] / 100} % of a CPU")
sys.exit(0 if 0 < turns < own["births"] * 2 / 3 else "FAILED: births are not gathered")
PYTHON
