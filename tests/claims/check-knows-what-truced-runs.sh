#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truce policy check says of a reservation what a running truced says of it when the file is loaded:
# what its other policies promise is counted, and a VM that one of them serves already is served.
# And a limit for a VM that has no disk is said to be impossible, once, instead of being tried again.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce' 'interval = 200ms'
vm_start 2
cpus=$(nproc)

# reserve NAME VM CPUS: a policy of that name into $scratch.
reserve() {
	cat >"$scratch/$1.lua" <<-END
		policy "$1"
		interval (200 * ms)
		class "$1" { name = "*$vms-$2" }
		intent "$1" { ["cpu.reserve"] = $3 * cpus }
	END
}
reserve first 0 "($cpus - 0.5)"
reserve beside 1 1
reserve again 0 "2 * $cpus"

check() { "$TRUCE" policy check "$scratch/$1.lua" >"$scratch/out" 2>"$scratch/err"; }

check beside || fail "without truced: $(cat "$scratch/out" "$scratch/err")"
! check again || fail "more CPUs than there are are promised"
truced_start
expect_exit 0 "$TRUCE" policy load "$scratch/first.lua"
! check beside || fail "check does not count what truced runs"
expect_match "the sum" "1 x 1 CPU \(beside:4\) \+ .* of other policies = .* are more than the $cpus CPUs" \
	"$(cat "$scratch/out")"
expect_exit 1 "$TRUCE" policy load "$scratch/beside.lua"
expect_match "load says the same" "of other policies = .* are more than the $cpus CPUs" "$(cat "$scratch/err")"
check again || fail "another policy serves that VM: $(cat "$scratch/out" "$scratch/err")"
expect_exit 0 "$TRUCE" policy load "$scratch/again.lua"
expect_exit 0 "$TRUCE" policy unload again
# Its own older form is not one of the others.
check first || fail "the policy that runs would be refused: $(cat "$scratch/out" "$scratch/err")"
! ls "${TMPDIR:-/tmp}"/truce-running-* 2>/dev/null || fail "a file is left"
expect_exit 0 "$TRUCE" policy unload first

cat >"$scratch/diskless.lua" <<END
policy "diskless"
interval (200 * ms)
class "diskless" { name = "*$vms-0" }
intent "diskless" { disk = { limit = 1 * MB / second } }
END
expect_exit 0 "$TRUCE" policy load "$scratch/diskless.lua"
vm=tiny_vmm-$vms-0
says_cannot() { "$TRUCE" explain "$vm" 2>&1 | tee "$scratch/said" | grep -q '^  disk.limit: it has no disk'; }
poll_until 20 says_cannot || fail "explain does not say that it has no disk: $(cat "$scratch/said" "$truced_log")"
tries() { "$TRUCE" log 2>/dev/null | grep -c 'refused.*it has no disk'; }
tried=$(tries)
[ "$tried" -le 2 ] || fail "it was tried $tried times"
# What is tried again each time is so within a few turns; the first tries were a second apart.
began=$(date +%s)
five_seconds() { [ "$(date +%s)" -ge $((began + 5)) ]; }
poll_until 10 five_seconds
expect_equal "tries after five seconds" "$tried" "$(tries)"
