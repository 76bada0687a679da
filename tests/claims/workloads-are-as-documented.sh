#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# doc/format/workloads.md tells every workload, what an operation of it is, and each parameter
# with its preset; what is printed as JSON keeps to its schemas.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program python3 python3
"$TRUCE" lab work --json >"$scratch/list" || skip "needs truce-lab"
python3 - "$SOURCE_ROOT/doc/format/workloads.md" "$scratch/list" <<'END' || fail "the page is not right"
import json, re, sys

page = open(sys.argv[1], encoding="utf-8").read()
wrong = []
common = ("threads", "duration", "seed", "drag")
workloads = json.load(open(sys.argv[2], encoding="utf-8"))["workloads"]
for workload in workloads:
    part = re.search(r"^### %s\n(.*?)(?=^##|\Z)" % re.escape(workload["name"]), page, re.M | re.S)
    if not part:
        wrong.append("no section on " + workload["name"])
        continue
    prose = " ".join(part.group(1).split())
    if workload["operation"] not in prose or (workload["notes"] or "") not in prose:
        wrong.append(workload["name"] + ": its operation or notes are other ones")
    for parameter in workload["parameters"]:
        preset = {None: "needed", "": "empty"}.get(parameter["preset"], parameter["preset"])
        row = "| %s | %s |" % (parameter["name"], preset)
        if row not in (page if parameter["name"] in common else part.group(1)):
            wrong.append("%s: no row %s" % (workload["name"], row))
told = re.findall(r"^### (\S+)", page, re.M)
wrong += ["there is no workload " + name for name in told
          if name not in [workload["name"] for workload in workloads]]
print("\n".join(wrong))
sys.exit(bool(wrong) or len(workloads) < 20)
END

"$TRUCE" lab work --json --for 250ms latency >"$scratch/latency" || fail "latency did not run"
"$TRUCE" lab work --json --for 250ms cpu-prime >"$scratch/prime" || fail "cpu-prime did not run"
for said in latency prime list; do
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/work.schema.json" \
		<"$scratch/$said" >"$scratch/schema"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/schema")" ;;
	*) fail "$said: $(head -n 5 "$scratch/schema")" ;;
	esac
done
