#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Identities, owners and settings of the VMs of every host in tests/hosts are as tests/golden has
# them, and so is what the doctor says of it. UPDATE_GOLDEN=1 writes the golden files instead.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

columns=name,id,uuid,vmm,accel,owner,vcpus,threads,nice,weight,where,quota,cpus,limit,taps,cgroup

# check GOLDEN COMMAND...: also that it is not taken for a failure
check() {
	golden=$SOURCE_ROOT/tests/golden/$1
	shift
	"$@" >"$scratch/out" 2>"$scratch/err"
	status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "'$*' ended with $status: $(cat "$scratch/err")"
	cat "$scratch/err" >>"$scratch/out"
	if [ -n "${UPDATE_GOLDEN:-}" ]; then
		cp "$scratch/out" "$golden"
	else
		diff -u "$golden" "$scratch/out" >&2 || fail "'$*' prints something else now"
	fi
}

export COLUMNS=300
count=0
for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	name=$(basename "$host")
	check "settings-$name.txt" "$TRUCE" list --root "$host" --columns "$columns"
	check "doctor-$name.txt" "$TRUCE" doctor --root "$host"
	count=$((count + 1))
done
[ "$count" -ge 9 ] || fail "only $count hosts were found"
check events-births-and-deaths.txt "$TRUCE" events --root "$SOURCE_ROOT/tests/hosts/births-and-deaths"
