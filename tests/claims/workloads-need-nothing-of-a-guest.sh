#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A root with one static binary, /proc, /dev/null and an empty /tmp, and no C library, locale,
# name service or shell: the workloads run there as children of the first process.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program unshare util-linux
lines=$BUILD_ROOT/src/work/work_lines
[ -x "$lines" ] || skip "needs a static C library (Debian: libc6-dev)"

root=$scratch/root
mkdir -p "$root/proc" "$root/dev" "$root/tmp"
cp "$lines" "$root/work_lines"
cat >"$scratch/inside" <<'END'
mount -t tmpfs none "$1/tmp" && mount -t proc none "$1/proc" &&
	{ [ -e "$1/dev/null" ] || mknod -m 666 "$1/dev/null" c 1 3; } && ip link set lo up || exit 77
root=$1
shift
exec env -i "$(command -v chroot)" "$root" /work_lines "$@"
END
set -- \
	cpu-integer cpu-float cpu-prime \
	"memory-write size=1M" "memory-read size=1M" "memory-hold size=1M" \
	"disk-write file=/tmp/f size=1M" "disk-read file=/tmp/f size=1M order=random" \
	"file-server directory=/tmp size=1M file=16K" \
	"net-receive" "&" "net-send to=127.0.0.1" \
	"net-receive protocol=udp" "&" "net-send to=127.0.0.1 protocol=udp rate=1M" \
	"net-respond" "&" "net-request to=127.0.0.1" \
	"net-respond protocol=udp" "&" "net-request to=127.0.0.1 protocol=udp" \
	system-call system-pipe system-switch system-fork system-exec system-copy \
	"system-index slice=50ms" "latency rate=100"
unshare --mount --pid --net --fork sh "$scratch/inside" "$root" "$@" >"$scratch/said" 2>&1
status=$?
[ "$status" -ne 77 ] || skip "needs namespaces with mounts and a network"
[ "$status" -eq 0 ] || fail "$(cat "$scratch/said")"
# Every workload is in the list above but those that are there to run programs.
for name in $("$TRUCE" lab work | sed 's/ .*//'); do
	case $name in command | unixbench | system-shell) continue ;; esac
	grep -Eq "^$name[ :].* [1-9][0-9]* operations, 0 errors" "$scratch/said" ||
		fail "$name did nothing: $(cat "$scratch/said")"
done
# Those say what is missing.
unshare --mount --pid --net --fork sh "$scratch/inside" "$root" system-shell >"$scratch/said" 2>&1
expect_match "a shell that is not there" 'needs /bin/sh: No such file' "$(cat "$scratch/said")"
