#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A libvirt domain with the agent in it is a guest: started by the laboratory, pinned by libvirt,
# shut off by its agent; and when the laboratory is killed, libvirt ends it. One that runs already,
# or has no channel for the agent, is refused with a sentence.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
# shellcheck source=tests/act/libvirt.sh
. "$SOURCE_ROOT/tests/act/libvirt.sh"
if [ "${1:-}" != inside ]; then
	[ -x "$BUILD_ROOT/src/lab/guest/truce-lab-domain" ] || skip "built without libvirt"
	libvirt_inside "$0" inside
	inside_status=$?
	[ $inside_status -ne 3 ] || exit 77
	exit $inside_status
fi

virsh() {
	command virsh -q -c qemu:///system "$@"
}

# define NAME [CHANNEL]: a domain that boots what a built-in guest boots.
define() {
	cat >"$scratch/$1.xml" <<END
<domain type='qemu'><name>$1</name><memory unit='MiB'>192</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>$kernel</kernel>
<initrd>$scratch/initramfs</initrd><cmdline>quiet panic=-1 no_timer_check</cmdline></os>
<features><acpi/></features><cpu mode='maximum'/>
<devices><emulator>$(command -v qemu-system-x86_64)</emulator>
<controller type='usb' model='none'/><memballoon model='none'/>${2:-}</devices></domain>
END
	virsh define "$scratch/$1.xml" >/dev/null || fail "libvirt does not define $1"
}

shut_off() {
	[ "$(virsh domstate "$1")" = "shut off" ]
}

ready_or_dead() {
	grep -q '^ready' "$scratch/said" || ! kill -0 $up 2>/dev/null
}

await_ready() {
	poll_until 120 ready_or_dead
	grep -q '^ready' "$scratch/said" || fail "no agent answered: $(cat "$scratch/why")"
}

"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
read -r kernel modules <"$scratch/kernel"
[ -n "$modules" ] || fail "a kernel without modules"

libvirtd_start
# libvirt locks a channel's socket there; the fresh /run has none.
mkdir -p /run/lock
channel="<channel type='unix'><target type='virtio' name='truce.agent'/></channel>"
define lab-guest "$channel"
define lab-mute

# Switched off by its agent.
mkfifo "$scratch/orders"
"$guest_up" domain=lab-guest pin=0 <"$scratch/orders" >"$scratch/said" 2>"$scratch/why" &
up=$!
exec 3>"$scratch/orders"
await_ready
expect_match "what it says" '^ready after [0-9]+ ms: tcg, ' "$(cat "$scratch/said")"
expect_match "its vCPU's pin" '^ *0 +0$' "$(virsh vcpupin lab-guest --live)"

# While it runs, nobody else starts it.
expect_exit 1 "$guest_up" domain=lab-guest
expect_match "the refusal" "runs already" "$(cat "$scratch/err")"

echo off >&3
wait $up || fail "an agent that switched its domain off is told as: $(cat "$scratch/why")"
exec 3>&-
poll_until 30 shut_off lab-guest || fail "the domain is still there"

# Killed, it can end nothing itself.
"$guest_up" domain=lab-guest <"$scratch/orders" >"$scratch/said" 2>"$scratch/why" &
up=$!
exec 3>"$scratch/orders"
await_ready
kill -KILL $up
wait $up 2>/dev/null
exec 3>&-
poll_until 60 shut_off lab-guest || fail "a domain outlived the program that started it"

# Sentences.
expect_exit 1 "$guest_up" domain=lab-nobody
expect_match "an unknown domain" "no domain of this name" "$(cat "$scratch/err")"
expect_exit 1 "$guest_up" domain=lab-mute
expect_match "a domain without a channel" "no channel truce.agent" "$(cat "$scratch/err")"
poll_until 30 shut_off lab-mute || fail "a domain that is of no use was left running"

# Destroyed by somebody else while it is measured.
"$guest_up" domain=lab-guest <"$scratch/orders" >"$scratch/said" 2>"$scratch/why" &
up=$!
exec 3>"$scratch/orders"
await_ready
virsh destroy lab-guest >/dev/null
wait $up && fail "a domain that was destroyed is no failure"
exec 3>&-
expect_match "its end" "was destroyed" "$(cat "$scratch/why")"
