#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each VM that is born is under its class's intent within milliseconds of its first vCPU: by the
# VMM's own log against the ledger. TRUCE_BIRTHS says how many are born.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

count=${TRUCE_BIRTHS:-40}
truced_conf '[truced]' 'mode = enforce' '[limits]' 'changes-per-minute = 100000'
policy fourfold 400
truced_start
setsid "$TINY_VMM" births --count "$count" --name "$vms" --hold-ms 300 --gap-ms 20 \
	--log "$scratch/births" >/dev/null || fail "the births went wrong"

python3 - "$scratch/births" "$TRUCE_STATE_DIR/adjustments.jsonl" "$count" <<'PYTHON' || exit 1
import json, sys, time

# The log has CLOCK_MONOTONIC in nanoseconds, the ledger the time of day.
offset = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
born, applied, intents = {}, {}, {}
for line in open(sys.argv[1]):
    words = line.split()
    if words[0] == "vcpu" and words[1] not in born:
        born[words[1]] = int(words[-1]) + offset
for line in open(sys.argv[2]):
    entry = json.loads(line)
    if entry["kind"] == "outcome" and entry["status"] == "applied":
        applied.setdefault(entry["vm"].split("-")[0], entry["time_usec"] * 1000)
late = sorted((applied[pid] - when) / 1e6 for pid, when in born.items() if pid in applied)
missing = [pid for pid in born if pid not in applied]
if len(born) < int(sys.argv[3]) or missing:
    sys.exit(f"FAILED: of {len(born)} VMs {len(missing)} were never under their intent")
at = lambda share: late[min(len(late) - 1, int(share * len(late)))]
print(f"first vCPU -> applied, {len(late)} births: median {at(.5):.1f} ms, 99th percentile "
      f"{at(.99):.1f} ms, worst {late[-1]:.1f} ms")
# The goal is 20 ms on a quiet machine (tests/bench); here others may be running.
sys.exit(0 if at(.5) <= 100 else f"FAILED: half of them took longer than {at(.5):.1f} ms")
PYTHON
