#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the host's truced turns KSM, an experiment that wants to is refused in one sentence and the
# knob stays; once it is let go of the experiment runs, and a knob that somebody turns meanwhile
# makes its runs count for nothing.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

need_root
[ -x "$BUILD_ROOT/src/agent/truce-agent" ] || skip "needs truce-agent, which was not built"
knob=/sys/kernel/mm/ksm/pages_to_scan
[ -w "$knob" ] || skip "needs a kernel with KSM"
! grep -qx -e ksmtuned -e momd -e vdsmd /proc/[0-9]*/comm 2>/dev/null || skip "somebody tunes KSM here"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
lab() {
	TRUCE_LIBEXEC=$BUILD_ROOT/src/cmd "$TRUCE" lab run "$scratch/turns.lua"
}
mkdir "$TRUCE_SCRATCH"
was=$(cat "$knob")
at_exit "echo '$was' >'$knob'"

cat >"$scratch/turns.lua" <<END
return experiment {
	name = "turns", asks = "Whose knob is it?",
	vms = { kind = "process" }, ksm = { state = "leave", pages = 4321 },
	subject = { work = "cpu-integer" },
	boots = 1, warmup = 0*s, duration = 2*s,
}
END

truced_conf '[truced]' 'mode = enforce' 'interval = 200ms' '[vm *]' 'managed = no'
truced_start
"$TRUCE" set host ksm.pages_to_scan=1234 --for 10m >"$scratch/said" || fail "truced does not set it"
turned() {
	[ "$(cat "$knob")" = "$1" ]
}
poll_until 20 turned 1234 || fail "truced has not turned it"
expect_exit 1 lab
expect_match "the refusal" "this host's truced holds ksm.pages_to_scan for a person.*truce set --release host" \
	"$(cat "$scratch/err")"
turned 1234 || fail "the knob is $(cat "$knob")"

"$TRUCE" set --release host ksm.pages_to_scan >"$scratch/said" || fail "it cannot be let go of"
poll_until 20 turned "$was" || fail "truced has not given it back"
expect_exit 0 lab
turned "$was" || fail "the knob after the experiment is $(cat "$knob")"

background lab >"$scratch/said" 2>"$scratch/told"
lab=$pid
poll_until 30 turned 4321 || fail "it was not turned: $(cat "$scratch/told")"
while kill -0 "$lab" 2>/dev/null; do
	turned 4321 && echo 777 >"$knob"
	sleep 0.05
done
wait "$lab" || fail "it ended with $?: $(cat "$scratch/told")"
expect_match "what was told" "KSM's pages_to_scan was 777, not 4321.*does not count" "$(cat "$scratch/told")"
