#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A policy as a factor sees the experiment's own shared link and its VMs' taps, and holds back who
# fills it: experiments/policies/net-calm-fast.lua with another link's numbers, and VM2 noisy.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
need_program qemu-system-x86_64 qemu-system-x86
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

sed 's/isolation-net-held/calmed/; s/= 100 \* Mbit/= 16 * Mbit/; s/= 50 \* Mbit/= 8 * Mbit/
	s/= 10 \* Mbit/= 1 * Mbit/; s/= 5 \* Mbit/= 1 * Mbit/; s/percent(92)/percent(60)/; s/percent(80)/percent(40)/' \
	"$SOURCE_ROOT/experiments/policies/net-calm-fast.lua" >"$scratch/calm.lua"
cat >"$scratch/calmed.lua" <<'END'
return experiment {
	name = "calmed", asks = "Is VM2 held back?",
	vms = { count = 2, memory = 96*MiB, accel = "tcg" }, net = { speed = 16*Mbit/s },
	subject = { work = "net-send", to = "peer" },
	vary = { { "policy", "none", "calm.lua" } },
	boots = 1, warmup = 4*s, duration = 3*s, proof = 30*s,
}
END
"$TRUCE" lab run "$scratch/calmed.lua" >"$scratch/said" 2>"$scratch/told" ||
	fail "it ended with $?: $(cat "$scratch/told")"

# ask SQL: the first value.
ask() {
	/usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
		"$TRUCE_LAB_DIR/calmed.sqlite" "$1"
}

# rate VM CELL: bytes a second that came to its peer in the window; the peers' numbers follow the VMs'.
rate() {
	ask "select cast(sum(i.bytes) * 1e9 / sum(i.length_nsec) as integer) from interval i join run on
		run.id = i.run join cell on cell.id = run.cell where i.vm = $1 + 1 and i.at_nsec > run.warmup_nsec
		and run.state = 'done' and cell.label = '$2'"
}
expect_equal "the run with the policy" done "$(ask "select group_concat(distinct run.state) from run join cell
	on cell.id = run.cell where cell.label = 'policy=calm.lua'")"
free=$(rate 2 policy=none)
held=$(rate 2 policy=calm.lua)
echo "VM2 alone with its load: $free bytes/s; under the policy: $held"
# The ceiling is 125,000. Without the policy VM2 has half of 2,000,000, or what a busy host lets it send.
[ "$free" -ge 200000 ] || skip "this host is too busy for VM2 to send more than its ceiling: $free bytes/s"
[ "$held" -le 160000 ] || fail "VM2 sent $held bytes/s under a ceiling of 125000: $(cat "$scratch/told")"
[ "$held" -ge 10000 ] || fail "VM2 sent no more than $held bytes/s"
