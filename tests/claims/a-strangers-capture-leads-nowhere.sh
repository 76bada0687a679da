#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture may come from anybody: links in it lead to nothing outside of it, FIFOs and devices
# are not opened, names are printed safely, and nothing in it is written.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

host=$scratch/host
cp -R "$SOURCE_ROOT/tests/hosts/hybrid" "$host"
echo "outside-$$" >"$scratch/secret"
kernel=$host/proc/sys/kernel

rm "$kernel/hostname" "$kernel/osrelease" "$kernel/random/boot_id"
ln -s "$scratch/secret" "$kernel/hostname"
ln -s "../../../../../../../../../../../../../../../..$scratch/secret" "$kernel/osrelease"
ln -s boot_id "$kernel/random/boot_id"
rm -r "$host/proc/pressure" "$host/proc/loadavg" "$host/proc/diskstats"
ln -s "$scratch" "$host/proc/pressure"
mkfifo "$host/proc/loadavg"
mkdir "$host/proc/diskstats"
for comm in "$host"/proc/*/comm; do
	printf '\033]0;owned\007evil\033[2J\n' >"$comm"
done
(cd "$host" && find . -type f -exec cksum {} + | sort) >"$scratch/before"

for verb in "list --json" list "events --json" "dump --json" doctor "doctor --json"; do
	# shellcheck disable=SC2086
	timeout 20 "$TRUCE" $verb --root "$host" >"$scratch/out" 2>"$scratch/err"
	status=$?
	# Not every verb takes --root.
	[ "$status" -ne 2 ] || continue
	[ "$status" -le 3 ] || fail "truce $verb ended with $status: $(cat "$scratch/err")"
	if grep -q "outside-$$" "$scratch/out" "$scratch/err"; then
		fail "truce $verb followed a link out of the capture"
	fi
	if LC_ALL=C grep -q "$(printf '\033')" "$scratch/out" "$scratch/err"; then
		fail "truce $verb printed an escape out of the capture"
	fi
done
(cd "$host" && find . -type f -exec cksum {} + | sort) >"$scratch/after"
cmp -s "$scratch/before" "$scratch/after" || fail "the capture was changed"
