#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every shipped policy is good on every captured host: cgroup v2, v1 and hybrid, with and without systemd,
# libvirt, disks, PSI. And its weights are in the same ratio, whatever the cgroup version.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

TRUCE_LIBEXEC=$BUILD_ROOT/src/decide
export TRUCE_LIBEXEC

hosts=0
for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	[ -f "$host/about" ] || continue
	hosts=$((hosts + 1))
	for policy in "$SOURCE_ROOT"/policies/*.lua; do
		expect_exit 0 "$TRUCE" policy check --root "$host" "$policy"
		# A class that no VM of that host is in is what it warns of, and nothing else.
		sed -n 's/^.*warning: //p' "$scratch/out" | grep -Ev '^class [a-z]+ matches none of the ' &&
			fail "$(basename "$host"), $(basename "$policy"): a warning"
	done
done
[ "$hosts" -ge 8 ] || fail "only $hosts captured hosts"

# The same scene as on a v2 and on a v1 host, and on one where there is neither PSI nor an arbiter of I/O.
# ratios POLICY SCENE: the CPU's weights that come of it, in order.
ratios() {
	rm -f "$scratch/made.truce"
	"$BUILD_ROOT/tests/policies/scene" "$2" "$scratch/made.truce" || fail "no scene"
	expect_exit 0 "$TRUCE" policy replay "$1" "$scratch/made.truce"
	sed -n 's/^\(+[0-9.]*\) set \([^ ]*\) .*cpu\.\(weight\|idle\).* \([0-9]*\) for .*/\1 \2 \3 \4/p
		s/^\(+[0-9.]*\) set \([^ ]*\) .*cpu\.idle .*\([01]\) by .*/\1 \2 idle \3/p' "$scratch/out"
}
compared=0
for policy in "$SOURCE_ROOT"/policies/*.lua; do
	name=$(basename "$policy" .lua)
	scene=$SOURCE_ROOT/policies/recordings/$name.scene
	ratios "$policy" "$scene" >"$scratch/v2"
	# After the last line of time 0: the host is of another kind from the beginning.
	awk '/^0 / && !said { print "0 host cgroup v1"; said = 1 } { print }
		/^0 vm [^ ]* vcpus/ { print "0 vm", $3, "cgroup /machine/" $3
			print "0 vm", $3, "weight_where cpu.shares"; print "0 vm", $3, "weight 1024" }' \
		"$scene" >"$scratch/v1.scene"
	ratios "$policy" "$scratch/v1.scene" >"$scratch/v1"
	diff "$scratch/v2" "$scratch/v1" || fail "$name: other weights on v1 than on v2"
	compared=$((compared + $(wc -l <"$scratch/v2")))
done
[ "$compared" -ge 100 ] || fail "only $compared weights compared"
