#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One policy file, shares 400 and 100, two guests that spin on one core: their CPU time is 4 to 1 (5 %)
# by truced on this machine's own kernel and cgroups, in a box with 6.12 (EEVDF, cgroup v2) and in
# one with 6.1 (CFS). Where 6.1 cannot be had, it is left out, and told.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root

# ratio_is_four SECONDS
ratio_is_four() {
	need_kvm
	# shellcheck source=tests/truced.sh
	. "$SOURCE_ROOT/tests/truced.sh"
	# shellcheck source=tests/act/spin.sh
	. "$SOURCE_ROOT/tests/act/spin.sh"
	export TRUCE_RUN_DIR="$scratch/run"
	spin setsid
	vm_a=$vm
	spin setsid
	vm_b=$vm
	truced_conf '[truced]' 'mode = enforce'
	cat >"$scratch/shares.lua" <<-END
		policy "shares"
		rule "four to one" {
			scope = "host",
			run = function(host, state, vms)
				for _, vm in ipairs(vms) do
					if vm.pid == $vm_a then vm:set("cpu.shares", 400, "the one") end
					if vm.pid == $vm_b then vm:set("cpu.shares", 100, "the other") end
				end
			end,
		}
	END
	truced_start
	"$TRUCE" policy load "$scratch/shares.lua" >/dev/null || fail "the policy is not loaded"
	both_set() { [ "$("$TRUCE" log --json 2>/dev/null | grep -c '"applied"')" -ge 2 ]; }
	poll_until 30 both_set || fail "the shares are not set: $("$TRUCE" log)"
	measure "$1" 3.8 4.2
	echo "$(uname -r): $(awk -v a="$ran_a" -v b="$ran_b" 'BEGIN { printf "%.3f", a / b }')"
	awk -v a="$ran_a" -v b="$ran_b" 'BEGIN { exit !(a / b >= 3.8 && a / b <= 4.2) }' ||
		fail "the ratio is not 4 within 5 %"
}

if [ "${1:-}" = inside ]; then
	ratio_is_four "$2"
	exit
fi

sh "$0" inside 8 || exit
need_box
# boxed OPTION...
boxed() {
	"$TRUCE" lab box --kvm --cpus 1 --timeout 400s "$@" --env SOURCE_ROOT="$SOURCE_ROOT" \
		--env BUILD_ROOT="$BUILD_ROOT" --env TINY_VMM="$TINY_VMM" --env TRUCE="$TRUCE" -- sh "$0" inside 25 || fail "in a box: $*"
}
boxed
if old=$("$SOURCE_ROOT/tools/box-old-kernel"); then
	# shellcheck disable=SC2086
	boxed $old
else
	echo "6.1 was not tried"
fi
