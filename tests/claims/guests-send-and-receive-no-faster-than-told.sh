#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a guest sends and what it receives is held to its limit and comes back to what it was; the
# guest beside it keeps its speed. Among guests that are shaped, a guarantee holds when what leaves
# the bridge is short, and what is left they share. Nothing is left of queues and taps.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

own_network
need_guests
need_program tc iproute2

guest_image '
until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done
ip link set eth0 up
ip addr add 10.9.0.1$vm/24 dev eth0
echo network up
while :; do nc -l -p 6000 >/dev/null; done &
while :; do nc 10.9.0.1 700$vm </dev/zero; sleep 0.1; done 2>/dev/null
'

ip link add bridge type bridge
ip addr add 10.9.0.1/24 dev bridge
ip link set bridge up
for vm in 1 2; do
	ip tuntap add "tap$vm" mode tap
	ip link set "tap$vm" master bridge up
	guest_run "vm$vm" "vm=$vm" -m 96 -device "virtio-net-pci,netdev=n,mac=52:54:00:00:00:0$vm" \
		-netdev "tap,id=n,ifname=tap$vm,script=no,downscript=no"
	eval "vm$vm=$pid"
done
guest_says vm1 '^network up'
guest_says vm2 '^network up'

# sending and receiving: $first and $second, bytes a second of the two guests.
sending() {
	"$SOURCE_ROOT/tests/act/flow.py" take 5 10.9.0.1:7001 10.9.0.1:7002 >"$scratch/flow" ||
		fail "a guest does not send"
	read -r first second <"$scratch/flow"
	echo "$1: guests send $first and $second bytes a second"
}

receiving() {
	"$SOURCE_ROOT/tests/act/flow.py" give 5 10.9.0.11:6000 10.9.0.12:6000 >"$scratch/flow" ||
		fail "a guest does not receive"
	read -r first second <"$scratch/flow"
	echo "$1: guests receive $first and $second bytes a second"
}

# Headers count, a busy machine may come late.
is_limited() {
	[ "$1" -ge 750000 ] && [ "$1" -le 1050000 ] || fail "limited to 1000000, it has $1"
}
is_free() {
	[ "$1" -ge 1300000 ] || fail "the guest that is not limited has $1 and had more"
}

sending "without"
[ "$first" -ge 2000000 ] && [ "$second" -ge 2000000 ] ||
	skip "needs a machine whose emulated guests send 2 MB/s; these send $first and $second"
turn "net.out_max=1000000 B/s@$vm1"
sending "the first held to 1 MB/s"
is_limited "$first"
is_free "$second"
turn_back
sending "given back"
is_free "$first"

receiving "without"
turn "net.in_max=1000000 B/s@$vm1"
receiving "the first held to 1 MB/s"
is_limited "$first"
is_free "$second"
turn_back
receiving "given back"
is_free "$first"

turn --uplink 2000000 "net.out_max=50 MB/s@$vm1" "net.out_max=50 MB/s@$vm2"
sending "2 MB/s for both"
total=$((first + second))
[ "$total" -ge 1500000 ] && [ "$total" -le 2100000 ] || fail "2 MB/s for both, they have $total"
[ "$first" -le 1300000 ] && [ "$second" -le 1300000 ] || fail "neither has a right to more"
turn_back
turn --uplink 2000000 "net.out_min=1500000 B/s@$vm1" "net.out_max=50 MB/s@$vm2"
sending "1.5 MB/s of 2 guaranteed to the first"
total=$((first + second))
[ "$total" -ge 1500000 ] && [ "$total" -le 2100000 ] || fail "2 MB/s for both, they have $total"
[ "$first" -ge 1250000 ] || fail "1.5 MB/s were guaranteed, it has $first"
[ "$second" -ge 150000 ] || fail "what is left they share, and the other has $second"
turn_back

# Somebody else's queue is left alone, and named.
tc qdisc add dev tap1 root handle 9: tbf rate 80mbit burst 64k latency 100ms
expect_exit 1 env TRUCE_RUN_DIR="$scratch/run" "$TURN" "net.in_max=1000000 B/s@$vm1" </dev/null
expect_match "the refusal" "tap1: the interface has somebody's tbf 9: already" "$(cat "$scratch/out")"
expect_match "the other's queue" '^qdisc tbf 9:' "$(tc qdisc show dev tap1)"

! ip -o link | grep -q ifb || fail "an ifb is left: $(ip -o link)"
! tc qdisc | grep -Eq 'htb|ingress' || fail "a queue is left: $(tc qdisc)"
