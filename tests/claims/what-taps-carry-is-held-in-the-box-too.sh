#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In a box, too: what leaves a VM's tap and what comes to it is held to its limit, beside a control VM
# whose tap is free; a guarantee holds where what leaves the bridge is short. Nothing is left.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/act/guest.sh
. "$SOURCE_ROOT/tests/act/guest.sh"

inside_box --load tun --load bridge
need_program tc iproute2
for module in ifb sch_htb sch_ingress cls_u32 cls_matchall act_mirred sch_fq_codel; do
	modprobe "$module" 2>/dev/null
done

ip link set lo up
ip link add bridge type bridge
ip addr add 10.9.0.1/24 dev bridge
ip link set bridge up
for vm in 1 2; do
	ip tuntap add "tap$vm" mode tap
	ip link set "tap$vm" master bridge up
	ip neigh add "10.9.0.1$vm" lladdr "02:00:00:00:00:0$vm" dev bridge nud permanent
	hog "vm$vm" tap "tap$vm" "$vm"
	eval "vm$vm=$pid"
done

# sending WHAT: $first and $second, bytes a second that arrive of either.
sending() {
	"$SOURCE_ROOT/tests/act/datagrams.py" take 5 7001 7002 >"$scratch/flow" || fail "nothing listens"
	read -r first second <"$scratch/flow"
	echo "$1: VMs send $first and $second bytes a second"
}

# receiving WHAT: the same of what goes out by their taps.
receiving() {
	background "$SOURCE_ROOT/tests/act/datagrams.py" give 60 10.9.0.11 10.9.0.12
	giver=$pid
	sleep 1
	cat /sys/class/net/tap[12]/statistics/tx_bytes >"$scratch/before"
	begin=$(cut -d ' ' -f 1 /proc/uptime)
	sleep 4
	cat /sys/class/net/tap[12]/statistics/tx_bytes >"$scratch/after"
	# shellcheck disable=SC2046
	set -- "$1" $(echo $(cat "$scratch/before" "$scratch/after") "$begin" "$(cut -d ' ' -f 1 /proc/uptime)" |
		awk '{ printf "%d %d", ($3 - $1) / ($6 - $5), ($4 - $2) / ($6 - $5) }')
	first=$2 second=$3
	kill "$giver"
	wait "$giver" 2>/dev/null
	echo "$1: VMs receive $first and $second bytes a second"
}

is_limited() {
	[ "$1" -ge 70000 ] && [ "$1" -le 115000 ] || fail "limited to 100000, it has $1"
}
is_free() {
	[ "$1" -ge 200000 ] || fail "it is not limited and has $1"
}

sending "without"
is_free "$first"
is_free "$second"
turn "net.out_max=100000 B/s@$vm1"
grep '^outcome' "$scratch/turn.out"
sending "net.out_max of 100 kB/s for the first"
is_limited "$first"
is_free "$second"
turn_back
sending "given back"
is_free "$first"

receiving "without"
is_free "$first"
is_free "$second"
turn "net.in_max=100000 B/s@$vm1"
receiving "net.in_max of 100 kB/s for the first"
is_limited "$first"
is_free "$second"
turn_back
receiving "given back"
is_free "$first"

turn --uplink 200000 "net.out_min=150000 B/s@$vm1" "net.out_max=50 MB/s@$vm2"
sending "150 of 200 kB/s guaranteed to the first"
[ "$first" -ge 120000 ] || fail "150000 B/s were guaranteed, it has $first"
[ $((first + second)) -le 225000 ] || fail "200000 B/s leave the bridge, they have $first and $second"
turn_back

! ip -o link | grep -q ifb || fail "an ifb is left: $(ip -o link)"
! tc qdisc | grep -Eq 'htb|ingress' || fail "a queue is left: $(tc qdisc)"
