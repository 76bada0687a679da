#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture of a captured host lists and is examined as that one: so a capture has everything
# that the readers read.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# look HOST FILE
look() {
	"$TRUCE" list --json --root "$1" >"$2.json" 2>"$2.warnings"
	"$TRUCE" doctor --root "$1" >"$2.doctor" 2>>"$2.warnings"
	# What a look costs is never twice the same.
	sed -i 's/"own_tick_usec":[0-9]*//' "$2.json"
}

for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	name=$(basename "$host")
	"$TRUCE" capture --root "$host" "$scratch/$name" >"$scratch/said" 2>&1 || [ $? -eq 3 ] ||
		fail "$name: $(cat "$scratch/said")"
	look "$host" "$scratch/first"
	look "$scratch/$name" "$scratch/second"
	for what in json doctor warnings; do
		cmp -s "$scratch/first.$what" "$scratch/second.$what" || {
			diff "$scratch/first.$what" "$scratch/second.$what" | cut -c1-2000 >&2
			fail "$name: the copy differs"
		}
	done
done

# One VM of two: the other leaves no trace of its name.
"$TRUCE" capture --root "$SOURCE_ROOT/tests/hosts/proxmox" --vm web "$scratch/one" >/dev/null ||
	[ $? -eq 3 ] || fail "one VM"
expect_equal "VMs" "web" "$("$TRUCE" list --root "$scratch/one" --no-header -o name)"
if grep -rlaF "102.pid" "$scratch/one"; then fail "the other VM is in it"; fi
expect_exit 1 "$TRUCE" capture --root "$SOURCE_ROOT/tests/hosts/proxmox" --vm none "$scratch/none"
[ ! -e "$scratch/none" ] && [ ! -e "$scratch/none.partial" ] || fail "something is left"
