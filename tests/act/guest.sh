# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Small Linux guests for claims about knobs, sourced after claims/lib.sh:
#   . "$SOURCE_ROOT/tests/act/guest.sh"
# A guest is the cached kernel of the box and an initramfs of busybox, three kinds of virtio
# devices and one script; where KVM cannot run a stock kernel QEMU emulates it, so it runs on any machine.
# TURN is the program that turns knobs.

TURN="${BUILD_ROOT:-}/tests/act/turn"

# own_network: the claim's network is its own from here on, with a /sys that shows it and the
# host's cgroups. Begins the claim again, inside: the first thing after sourcing.
own_network() {
	need_root
	[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
	if [ -z "${GUEST_NETWORK:-}" ]; then
		rm -rf "$scratch"
		trap - EXIT
		GUEST_NETWORK=yes exec unshare -n -m "$0"
	fi
	mkdir "$scratch/cgroup"
	mount --rbind /sys/fs/cgroup "$scratch/cgroup" && mount -t sysfs sysfs /sys &&
		mount --rbind "$scratch/cgroup" /sys/fs/cgroup && umount -R "$scratch/cgroup" ||
		skip "needs a /sys of its own"
	ip link set lo up
}

# need_guests: this machine can run them.
need_guests() {
	need_program qemu-system-x86_64 qemu-system-x86
	need_program cpio
	need_program xz xz-utils
	[ -x "$TURN" ] || skip "needs the program that turns knobs, which was not built"
	guest_busybox=$(command -v busybox) || skip "needs busybox (Debian package busybox-static)"
	guest_cache=${TRUCE_CACHE_DIR:-/var/cache/truce}/kernels
	guest_kernel=$(find "$guest_cache" -path '*/boot/vmlinuz-*' 2>/dev/null | sort -V | tail -n 1)
	[ -n "$guest_kernel" ] || skip "needs a guest kernel: truce lab box --fetch brings it"
	guest_accelerator='tcg,thread=multi'
	if [ -w /dev/kvm ] && grep -Eqw 'vmx|svm' /proc/cpuinfo; then guest_accelerator=kvm; fi
}

# guest_modules FILE...: decompressed into the initramfs, in this order.
guest_modules() {
	guest_number=10
	for guest_module in virtio_balloon virtio_blk failover net_failover virtio_net; do
		guest_found=$(find "$(dirname "$guest_kernel")/../lib/modules" \
			-name "$guest_module.ko.xz" | head -n 1)
		[ -n "$guest_found" ] || skip "the guest kernel has no module $guest_module"
		xz -dc "$guest_found" >"$scratch/guest/modules/$guest_number-$guest_module.ko"
		guest_number=$((guest_number + 1))
	done
}

# guest_image SCRIPT: what every guest of this claim does once it runs; it finds the words of its
# kernel's command line as variables (guest_run gives name=value words).
guest_image() {
	mkdir -p "$scratch/guest/bin" "$scratch/guest/modules" "$scratch/guest/proc" \
		"$scratch/guest/sys" "$scratch/guest/dev"
	cp "$guest_busybox" "$scratch/guest/bin/busybox"
	guest_modules
	{
		cat <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do insmod "$module"; done
for word in $(cat /proc/cmdline); do
	case $word in *[!A-Za-z0-9_.=:/-]*) ;; *=*) eval "$word" ;; esac
done
END
		printf '%s\n' "$1"
		echo 'poweroff -f'
	} >"$scratch/guest/init"
	chmod +x "$scratch/guest/init"
	(cd "$scratch/guest" && find . | cpio -o -H newc --quiet | gzip -1) >"$scratch/guest.img" ||
		fail "the guest's initramfs could not be made"
}

# guest_run NAME WORDS QEMU-ARGUMENT...: starts one and leaves its pid in $pid; its console is in
# $scratch/NAME.console, its QMP socket $scratch/NAME.qmp.
guest_run() {
	guest_name=$1
	guest_words=$2
	shift 2
	background qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-accel "$guest_accelerator" -cpu max -name "guest=$guest_name,debug-threads=on" \
		-kernel "$guest_kernel" -initrd "$scratch/guest.img" \
		-append "console=ttyS0 quiet panic=-1 $guest_words" \
		-serial "file:$scratch/$guest_name.console" \
		-qmp "unix:$scratch/$guest_name.qmp,server=on,wait=off" "$@" \
		2>"$scratch/$guest_name.errors" 7>&-
}

# guest_says NAME PATTERN [SECONDS]: waits for a line of its console.
guest_says() {
	poll_until "${3:-90}" grep -qs "$2" "$scratch/$1.console" ||
		fail "guest $1 never said '$2': $(tail -n 5 "$scratch/$1.console" "$scratch/$1.errors")"
}

# Descriptor 7 is the input of the program that turns: whoever holds it keeps that from ending.
#
# turn ARGUMENT...: turns knobs as the program TURN says and returns once they are turned; what it
# said is in $scratch/turn.out. turn_back gives everything back.
turn() {
	rm -f "$scratch/turn.in"
	mkfifo "$scratch/turn.in"
	: >"$scratch/turn.out"
	background env TRUCE_RUN_DIR="$scratch/run" sh -c '
		in=$1 out=$2
		shift 2
		exec "$@" <"$in" >"$out" 2>&1' sh "$scratch/turn.in" "$scratch/turn.out" "$TURN" "$@"
	turn_pid=$pid
	exec 7>"$scratch/turn.in"
	# It ends with its input alone, and gives everything back before its VMs are ended.
	# shellcheck disable=SC2016
	at_exit 'exec 7>&-; wait $turn_pid'
	poll_until 60 grep -q '^ready' "$scratch/turn.out" ||
		fail "the knobs were not turned: $(cat "$scratch/turn.out")"
	! grep '^outcome' "$scratch/turn.out" | grep -v ' applied ' >&2 ||
		fail "a knob was not turned: $(cat "$scratch/turn.out")"
}

turn_back() {
	exec 7>&-
	wait "$turn_pid" || fail "not everything was given back: $(cat "$scratch/turn.out")"
	grep -q '^left 0 0' "$scratch/turn.out" || fail "leases are left: $(cat "$scratch/turn.out")"
}

# within VALUE WANTED PER-CENT
within() {
	awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { exit !(a >= b * (1 - p / 100) && a <= b * (1 + p / 100)) }'
}

# inside_box [OPTION...]: the rest of the claim is run as root of a box, with the same libraries.
# Outside it does not return.
inside_box() {
	[ -z "${GUEST_BOX:-}" ] || return 0
	need_box
	[ -x "$TURN" ] || skip "needs the program that turns knobs, which was not built"
	inside_status=0
	run_box "$@" -- env GUEST_BOX=yes SOURCE_ROOT="$SOURCE_ROOT" BUILD_ROOT="$BUILD_ROOT" \
		TRUCE="$TRUCE" TINY_VMM="${TINY_VMM:-}" "$(readlink -f "$0")" || inside_status=$?
	cat "$scratch/out"
	case $inside_status in
	0) exit 0 ;;
	77) skip "in the box: $(tail -n 1 "$scratch/out")" ;;
	esac
	cat "$scratch/err" >&2
	fail "in the box it ended with $inside_status"
}

# hog NAME ARGUMENT...: a process that is taken for a QEMU and uses one thing (hog.c), in the
# background; with $hog_group the cgroup that it starts in. Leaves its pid in $pid.
hog() {
	hog_name=$1
	shift
	mkdir -p "$scratch/$hog_name"
	cp "$BUILD_ROOT/tests/act/hog" "$scratch/$hog_name/qemu-system-x86_64"
	# shellcheck disable=SC2016
	background sh -c '
		[ -z "$1" ] || echo 0 >"$1/cgroup.procs" || exit 1
		shift
		exec "$@"' sh "${hog_group:-}" "$scratch/$hog_name/qemu-system-x86_64" "$@" \
		>"$scratch/$hog_name.says" 7>&-
	poll_until 60 grep -q '^ready' "$scratch/$hog_name.says" || fail "$hog_name has not begun"
}
