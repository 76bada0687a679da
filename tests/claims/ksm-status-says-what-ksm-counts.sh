#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two processes with memory of known contents are merged by KSM: status has the true numbers of what each
# shares with itself and with the other, what KSM's own counters say, and what then comes free and is
# needed is what the counters lose.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program python3
ksm=/sys/kernel/mm/ksm
merge=$BUILD_ROOT/tests/act/merge
[ -x "$merge" ] || skip "needs the test program that has memory to merge, which was not built"
[ -w "$ksm/run" ] || skip "needs a kernel with KSM"
[ "$(cat "$ksm/run")" = 0 ] || skip "needs a host on which KSM stands still"
[ -r /proc/kpageflags ] || skip "needs a kernel with /proc/kpageflags"
case $(cat "$ksm/advisor_mode" 2>/dev/null) in '' | *'[none]'*) ;; *) skip "KSM's advisor is on" ;; esac

for name in run pages_to_scan sleep_millisecs; do
	# The advisor's and the smart scan's files come and go by kernel; these three are everywhere.
	at_exit "echo $(cat "$ksm/$name") >$ksm/$name"
done

# guest NAME COMMON OWN TWICE ZERO WORD...: leaves its pid in $pid; a line into NAME.in makes it write.
guest() {
	guest_name=$1
	shift
	mkdir "$scratch/$guest_name"
	cp "$merge" "$scratch/$guest_name/qemu-system-x86_64"
	mkfifo "$scratch/$guest_name.in"
	# shellcheck disable=SC2016
	background sh -c 'exec "$@" <>"$0"' "$scratch/$guest_name.in" \
		"$scratch/$guest_name/qemu-system-x86_64" "$@" >"$scratch/$guest_name.says"
	poll_until 60 grep -q '^ready' "$scratch/$guest_name.says" || fail "$guest_name has not begun"
}

# Zero pages go to the kernel's own, where it knows that.
zeros=0
if [ -w "$ksm/use_zero_pages" ]; then
	at_exit "echo $(cat "$ksm/use_zero_pages") >$ksm/use_zero_pages"
	echo 1 >"$ksm/use_zero_pages"
	zeros=100
fi
guest a 2000 1000 500 $((3 * zeros)) on -name guest=ksm-claim-a
a=$pid
guest b 2000 500 0 "$zeros" on -name guest=ksm-claim-b
guest c 0 300 0 0 off -name guest=ksm-claim-c -machine pc,mem-merge=off
guest d 0 4000 0 0 shared -name guest=ksm-claim-d

echo 5000 >"$ksm/pages_to_scan"
echo 10 >"$ksm/sleep_millisecs"
echo 1 >"$ksm/run"
all_merged() {
	[ "$(cat "/proc/$a/ksm_merging_pages" 2>/dev/null || echo 3000)" -ge 3000 ] &&
		"$TRUCE" ksm status --json >"$scratch/json" 2>/dev/null &&
		python3 - "$scratch/json" $zeros <<'END'
import json, sys
vms = {vm["name"]: vm for vm in json.load(open(sys.argv[1]))["vms"]}
zeros = int(sys.argv[2])
sys.exit(any(vms["ksm-claim-" + name]["looked_merged_pages"] < merged or
             vms["ksm-claim-" + name]["zero_mapped_pages"] < zero
             for name, merged, zero in (("a", 3000, 3 * zeros), ("b", 2000, zeros))))
END
}
poll_until 60 all_merged || fail "KSM has not merged it all within a minute: $(cat "$scratch/json")"
echo 0 >"$ksm/run"

counters() {
	for name in pages_shared pages_sharing ksm_zero_pages; do
		echo "$name $(cat "$ksm/$name" 2>/dev/null || echo 0)"
	done
}
counters >"$scratch/before"
"$TRUCE" ksm status --json >"$scratch/json" 2>"$scratch/err" ||
	fail "status ended with $?: $(cat "$scratch/err")"
counters >"$scratch/after"
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/ksm-status.schema.json" <"$scratch/json" \
	>"$scratch/said" || [ $? -eq 77 ] || fail "$(head -n 5 "$scratch/said")"

cat >"$scratch/check.py" <<'END'
import json, os, sys
scratch, step, zeros = sys.argv[1], sys.argv[2], int(sys.argv[3])
def counters(name):
    return {w[0]: int(w[1]) for w in (line.split() for line in open(f"{scratch}/{name}"))}
def status(name):
    return json.load(open(f"{scratch}/{name}"))
def vm(of, name):
    return next(v for v in of["vms"] if v["name"] == "ksm-claim-" + name)
wrong = []
def expect(what, wanted, got):
    if wanted != got:
        wrong.append(f"{what}: wanted {wanted}, got {got}")
def between(what, low, got, high):
    if not min(low, high) <= got <= max(low, high):
        wrong.append(f"{what}: {got} is not between {low} and {high}")
of = status("json")
a, b, c, d = (vm(of, name) for name in "abcd")
if step == "contents":
    for v, pages, frames, inside, alone, zero in ((a, 3000, 2500, 500, 500, 3 * zeros),
                                                  (b, 2000, 2000, 0, 0, zeros)):
        expect("merged, by frames", pages, v["looked_merged_pages"])
        if v["merged_pages"] is not None:
            expect("merged, by the kernel", pages, v["merged_pages"])
        expect("frames", frames, v["frame_count"])
        expect("inside", inside, v["inside_pages"])
        expect("frames of its own", alone, v["alone_frames"])
        expect("pages that show the zero page", zero, v["zero_mapped_pages"])
        if v["zero_pages"] is not None:
            expect("zero pages", zero, v["zero_pages"])
        expect("rewrite", (pages - alone + (v["zero_pages"] or 0)) * 4096, v["rewrite_bytes"])
        between("what leaves", (v["looked_pages"] - pages + alone) * 4096, v["leave_bytes"],
                (v["looked_pages"] - pages + alone) * 4096 + (4 << 20))
    expect("part of the saving of a", (2000 // 2 + 500) * 4096, a["saved_bytes"])
    expect("part of the saving of b", 2000 // 2 * 4096, b["saved_bytes"])
    expect("what both have", [2000 * 4096], [p["common_bytes"] for p in of["pairs"]
                                             if {p["a"], p["b"]} == {a["id"], b["id"]}])
    expect("a takes part", "yes", a["takes_part"])
    expect("c takes part", "merging switched off", c["takes_part"])
    expect("d takes part", "shared memory", d["takes_part"])
    expect("merged of c and d", [0, 0], [c["looked_merged_pages"], d["looked_merged_pages"]])
    one, two, host = counters("before"), counters("after"), of["host"]
    for name in one:
        if host["ksm"][name] is not None:
            between(name, one[name], host["ksm"][name], two[name])
    between("saved", (one["pages_sharing"] + one["ksm_zero_pages"]) * 4096, host["saved_bytes"],
            (two["pages_sharing"] + two["ksm_zero_pages"]) * 4096)
    between("reserve", (one["pages_sharing"] + one["ksm_zero_pages"]) * 4096, host["reserve_bytes"],
            (two["pages_sharing"] + two["ksm_zero_pages"]) * 4096)
    stat = next(p for p in os.listdir("/proc") if p.isdigit() and open(f"/proc/{p}/comm").read() == "ksmd\n")
    fields = open(f"/proc/{stat}/stat").read().rsplit(")", 1)[1].split()
    expect("CPU time of ksmd", (int(fields[11]) + int(fields[12])) * 1000000 // os.sysconf("SC_CLK_TCK"),
           host["ksmd_usec"])
else:
    # b wrote to all of its pages: its 2000 are its own again, and what a shares with itself stays.
    then = status("json2")
    expect("merged of b", 0, vm(then, "b")["looked_merged_pages"])
    expect("pairs of b", [], [p for p in then["pairs"] if b["id"] in (p["a"], p["b"])])
    expect("inside a", 500, vm(then, "a")["inside_pages"])
    expect("frames of a alone", 2500, vm(then, "a")["alone_frames"])
    copied = then["host"]["cow_pages"]
    if copied is not None and copied - of["host"]["cow_pages"] < 2000:
        wrong.append(f"only {copied - of['host']['cow_pages']} copies were counted of 2000")
    grown = vm(then, "b")["anonymous_bytes"] - vm(then, "b")["looked_pages"] * 4096
    between("memory of b beside its pages", 0, grown, 4 << 20)
if wrong:
    print("\n".join(wrong))
sys.exit(1 if wrong else 0)
END
python3 "$scratch/check.py" "$scratch" contents $zeros || fail "status is not what is there: $(cat "$scratch/json")"

echo >"$scratch/b.in"
poll_until 30 grep -q '^written' "$scratch/b.says" || fail "b has not written"
"$TRUCE" ksm status --json >"$scratch/json2" || fail "status ended with $?"
python3 "$scratch/check.py" "$scratch" rewritten $zeros || fail "status is not what is there: $(cat "$scratch/json2")"

# What comes free when a leaves: that many frames are KSM's no more.
shared=$(cat "$ksm/pages_shared")
kill "$a"
frames_are_free() { [ $((shared - $(cat "$ksm/pages_shared"))) -ge 2500 ]; }
echo 1 >"$ksm/run" # the kernel counts frames of those who left when it comes by them
poll_until 60 frames_are_free || fail "of $shared frames $(cat "$ksm/pages_shared") are left"
