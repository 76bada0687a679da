#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user sees QEMU's guests by name, one sentence on what he does not see, and exit status
# 3; where /proc hides the processes of others from him, the sentence says that.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
need_program unshare util-linux
need_program setpriv util-linux

chmod 755 "$scratch"
install -m 755 "$TRUCE" "$scratch/truce" || fail "no copy of truce"
background qemu-system-x86_64 -nodefaults -no-user-config -display none -m 32 -accel tcg \
	-name guest=web1
qemu_pid=$pid

# as_user COMMAND...: its output in $scratch/out and err.
as_user() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@" >"$scratch/out" 2>"$scratch/err"
}

is_listed() {
	"$TRUCE" list --over 0 --no-header --columns pid,name | grep -q "^ *$qemu_pid +web1" -E
}
poll_until 20 is_listed || fail "root does not see the guest"

as_user "$scratch/truce" list --over 0 --no-header --columns pid,name,vmm,accel
expect_equal "an ordinary user's exit status" 3 $?
expect_match "the guest" "^ *$qemu_pid +web1 +qemu +tcg" "$(cat "$scratch/out")"
expect_equal "sentences" 1 "$(wc -l <"$scratch/err")"
expect_match "the sentence" '^truce list: .* root' "$(cat "$scratch/err")"

# A container of its own: processes, and a /proc that hides those of others.
unshare --mount --pid --fork --kill-child --propagation private sh -eu -c '
	mount -t proc -o hidepid=2 proc /proc
	qemu-system-x86_64 -nodefaults -no-user-config -display none -m 32 -accel tcg \
		-name guest=hidden 2>/dev/null &
	qemu=$!
	tries=200
	until "$1/truce" list --over 0 --no-header --columns name | grep -q hidden; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || exit 9
		sleep 0.05
	done
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$1/truce" list --over 0 --no-header \
		>"$1/out" 2>"$1/err" || status=$?
	kill $qemu
	exit $status' sh "$scratch"
expect_equal "exit status where processes are hidden" 3 $?
expect_equal "guests that are to be seen there" 0 "$(wc -l <"$scratch/out")"
expect_equal "sentences there" 1 "$(wc -l <"$scratch/err")"
expect_match "the sentence there" '^truce list: .*hidepid' "$(cat "$scratch/err")"
