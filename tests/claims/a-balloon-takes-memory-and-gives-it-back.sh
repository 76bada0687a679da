#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that filled its memory and let it go gives it to the host when its balloon is turned: the
# VM's resident memory falls, the guest's own falls with it, the guest beside it keeps both; given
# back, the guest has all again. A guest without the driver is said to be late, with how far it came.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

need_root
need_guests

guest_image '
[ "$driver" = yes ] || rmmod virtio_balloon
mkdir /fill
mount -t tmpfs -o size=200m tmpfs /fill
dd if=/dev/urandom of=/fill/all bs=1M count=150 2>/dev/null
rm /fill/all
echo filled
while :; do
	echo "total $(awk "/^MemTotal/ { print \$2 }" /proc/meminfo)"
	sleep 0.5
done
'

for vm in 1 2 3; do
	driver=yes
	[ "$vm" -lt 3 ] || driver=no
	guest_run "vm$vm" "driver=$driver" -m 256 -device virtio-balloon-pci
	eval "vm$vm=$pid"
done
for vm in 1 2 3; do guest_says "vm$vm" '^filled'; done

# rss PID: MiB.
rss() {
	awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$1/status"
}

# total NAME: MiB that the guest says it has.
total() {
	grep -a '^total' "$scratch/$1.console" | tail -n 1 | tr -d '\r' | awk '{ printf "%d", $2 / 1024 }'
}

rss_before=$(rss "$vm1")
other_before=$(rss "$vm2")
total_before=$(total vm1)
echo "before: resident $rss_before MiB, the guest has $total_before; beside it $other_before"
[ "$rss_before" -ge 200 ] || fail "the guest did not use its memory: $rss_before MiB"

turn "memory.balloon=128 MiB@$vm1"
expect_match "where" 'memory.balloon applied 128 MiB \(QEMU.s balloon' "$(cat "$scratch/turn.out")"
has_given() { [ "$(rss "$vm1")" -le $((rss_before - 90)) ]; }
poll_until 60 has_given || fail "the VM still has $(rss "$vm1") of $rss_before MiB"
says_less() { [ "$(total vm1)" -le $((total_before - 110)) ]; }
poll_until 30 says_less || fail "the guest still has $(total vm1) of $total_before MiB"
echo "128 MiB: resident $(rss "$vm1") MiB, the guest has $(total vm1); beside it $(rss "$vm2")"
[ "$(rss "$vm2")" -ge $((other_before - 5)) ] || fail "the other guest gave memory"
turn_back
has_all() { [ "$(total vm1)" -ge $((total_before - 1)) ]; }
poll_until 60 has_all || fail "the guest has $(total vm1) of $total_before MiB again"
echo "given back: the guest has $(total vm1) MiB"

turn --balloon 2 "memory.balloon=128 MiB@$vm3"
says_late() {
	echo read >&7
	grep -q '^outcome .* memory.balloon late' "$scratch/turn.out"
}
poll_until 30 says_late || fail "nobody says that the balloon does not follow: $(cat "$scratch/turn.out")"
grep ' late ' "$scratch/turn.out"
turn_back
