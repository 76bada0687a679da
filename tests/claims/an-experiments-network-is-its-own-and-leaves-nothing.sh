#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Real guests overrun the shared link of an experiment's network: the peer hears what the link
# carries and counts the rest as lost; another VM's limit holds at its tap. This host has no
# interface of it meanwhile. Stopped or killed, nobody is left in it.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
unshare --net true 2>/dev/null || skip "needs the right to make network namespaces"
[ -x "$BUILD_ROOT/src/agent/truce-agent" ] || skip "needs truce-agent, which was not built"
ls /var/cache/truce/kernels/*/lib/modules >"$scratch/kernels" 2>&1 ||
	skip "needs a guest kernel: truce lab box --fetch brings it"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

# A slow link, so that guests overrun it also where they are emulated and others are at work: 12
# Mbit/s are 1.5 MB/s of frames, of which 1400 in 1442 bytes are a datagram's.
cat >"$scratch/flow.lua" <<'END'
return experiment {
	name = "flow", asks = "What does a link carry?",
	vms = { count = 2, vcpus = 1, memory = 128*MiB },
	net = { link = "on", speed = 12*Mbit/s },
	subject = { work = "net-send", to = "peer", protocol = "udp" },
	vary = { { "control", { name = "none" },
			      { name = "limit", ["hold.others.net.limit"] = 2*Mbit/s } } },
	boots = 1, warmup = 1*s, duration = 4*s,
}
END

# of_peer CELL PEER: bytes a second that it heard, and datagrams that were lost.
of_peer() {
	/usr/bin/python3 - "$TRUCE_LAB_DIR/flow.sqlite" "$1" "$2" <<'END'
import sqlite3
import sys
store = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
first, last, heard, lost = store.execute(
    """select min(at_nsec), max(at_nsec + length_nsec), sum(bytes), sum(lost) from interval
       join run on run.id = interval.run join cell on cell.id = run.cell
       where cell.label = ? and vm = ?""", sys.argv[2:4]).fetchone()
print(heard * 10**9 // (last - first), lost)
END
}

# of_link CELL: bytes a second that the link's own counter says went to the peer, and the most that
# waited before it.
of_link() {
	/usr/bin/python3 - "$TRUCE_LAB_DIR/flow.sqlite" "$1" <<'END'
import sqlite3
import sys
store = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
# A run that did not count was made once more, in the same boot or in another.
samples = """from sample where source = 'link' and run = (select max(run.id) from run
             join cell on cell.id = run.cell where cell.label = ? and state = 'done') and figure = ?"""
first, last, least, most = store.execute(
    "select min(at_nsec), max(at_nsec), min(value), max(value) " + samples,
    (sys.argv[2], "to_peer_bytes")).fetchone()
queued = store.execute("select max(value) " + samples, (sys.argv[2], "to_peer_queued_bytes")).fetchone()
print((most - least) * 10**9 // (last - first), queued[0])
END
}

qemus() {
	for place in /proc/[0-9]*; do
		tr '\0' ' ' 2>/dev/null <"$place/cmdline" | grep -q '^[^ ]*qemu-system.* guest=flow-vm' &&
			grep -q "$TRUCE_SCRATCH" "$place/cmdline" 2>/dev/null && echo "${place#/proc/}"
	done
}

# Of the network namespace NAMESPACE, whoever it is.
inmates() {
	for place in /proc/[0-9]*; do
		[ "$(readlink "$place/ns/net" 2>/dev/null)" = "$1" ] && echo "${place#/proc/}"
	done
}

# Leaves their network in $namespace: a guest whose boot is given up is gone a moment later.
two_guests() {
	[ "$(qemus | wc -l)" -eq 2 ] &&
		namespace=$(readlink "/proc/$(qemus | head -n 1)/ns/net") && [ -n "$namespace" ]
}

nobody_in() {
	[ -z "$(inmates "$1")" ]
}

end_with() {
	background "$TRUCE" lab run "$scratch/flow.lua" >"$scratch/said" 2>"$scratch/told"
	run=$pid
	poll_until 60 two_guests || fail "no guests: $(cat "$scratch/told")"
	[ "$namespace" != "$(readlink /proc/self/ns/net)" ] || fail "the guests are in this host's network"
	! ip -o link | grep -Eq ' (uplink|bridge)[@:]' || fail "this host has it: $(ip -o link)"
	kill "-$1" "$run"
	wait "$run" 2>/dev/null
	poll_until 20 nobody_in "$namespace" || fail "after SIG$1 there are $(inmates "$namespace") in it"
}

# A shell lets what it starts in the background ignore SIGINT.
end_with TERM
end_with KILL

rm -rf "$TRUCE_LAB_DIR"
expect_exit 0 "$TRUCE" lab run "$scratch/flow.lua"
read -r heard lost <<END
$(of_peer "control=none" 2)
END
read -r heard_other lost_other <<END
$(of_peer "control=none" 3)
END
echo "the link carries 1500000 bytes a second of frames; the peers heard $heard + $heard_other and" \
	"lost $lost + $lost_other datagrams"
[ $((heard + heard_other)) -le 1530000 ] || fail "more came than the link carries"
[ $((heard + heard_other)) -ge 1000000 ] || fail "much less came than the link carries"
[ $((lost + lost_other)) -gt 0 ] || fail "nothing was lost"
read -r passed queued <<END
$(of_link "control=none")
END
echo "the link itself counted $passed bytes a second, and up to $queued bytes that waited"
[ "$passed" -le 1530000 ] || fail "the link counts more than it carries"
# The two are not of the same instants.
[ $((passed * 10)) -ge $(((heard + heard_other) * 9)) ] || fail "the link counts less than the peers heard"
[ "$queued" -gt 0 ] || fail "nothing waited before a link that was overrun"
read -r held _ <<END
$(of_peer "control=limit" 3)
END
read -r freed _ <<END
$(of_peer "control=limit" 2)
END
echo "with the other VM held to 250000 bytes a second it sent $held, VM1 $freed"
[ "$held" -le 265000 ] || fail "it was held to 250000 and sent $held"
[ "$freed" -gt "$held" ] || fail "VM1 has no more than who is held"
