#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An image that is interrupted, or whose build is killed, leaves no process, no mount and, with the
# next build at the latest, no file. What is missing is told in one sentence before anything is made.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program unshare util-linux
need_program mke2fs e2fsprogs
need_program apt-get apt
[ -x "$BUILD_ROOT/src/agent/truce-agent" ] || skip "needs truce-agent, which was not built"
# shellcheck disable=SC2016
apt-get indextargets --format '$(ORIGIN)' 'Created-By: Packages' | grep -qx Debian ||
	skip "needs a Debian archive in the sources of this machine's apt"
export TRUCE_CACHE="$scratch/cache"

# Without mmdebstrap.
mkdir "$scratch/bin"
for program in apt-get unshare mke2fs e2fsck; do
	ln -s "$(command -v "$program")" "$scratch/bin/$program"
done
PATH="$scratch/bin" expect_exit 1 "$TRUCE" lab image build
expect_equal "the sentence" "truce lab image build: mmdebstrap not found: apt-get install mmdebstrap" \
	"$(cat "$scratch/err")"
[ ! -e "$TRUCE_CACHE" ] || fail "something was made: $(find "$TRUCE_CACHE")"

expect_exit 2 "$TRUCE" lab image build --size nought
expect_exit 1 "$TRUCE" lab image build ../up
expect_exit 1 "$TRUCE" lab image build --package 'no such package'
expect_exit 1 "$TRUCE" lab image check
expect_match "what to do" "truce lab image build debian" "$(cat "$scratch/err")"
expect_exit 0 "$TRUCE" lab image list
expect_match "the list" "no image" "$(cat "$scratch/out")"
expect_exit 2 "$TRUCE" lab image paint

# What takes the place of mmdebstrap: like it, it has children, and files that it goes on to write.
cat >"$scratch/bin/mmdebstrap" <<'END'
#!/bin/sh
for last; do
	case $last in */tree) tree=$last ;; esac
done
mkdir -p "$tree/usr/bin"
mount -t tmpfs none "$tree/usr/bin"
( while :; do date >"$tree/written"; sleep 0.01; done ) &
echo $$ >"$tree/begun"
wait
END
chmod +x "$scratch/bin/mmdebstrap"
PATH="$scratch/bin:$PATH"

# Not the one that was killed.
begun() {
	[ "$(find "$TRUCE_CACHE" -name begun 2>/dev/null)" != "$before" ] &&
		find "$TRUCE_CACHE" -name begun | grep -q .
}
# Not this search itself, which has the brackets in its words.
inhabited() {
	grep -q "[/]${TRUCE_CACHE#/}" /proc/[0-9]*/cmdline 2>/dev/null
}
deserted() {
	! inhabited
}
files() {
	find "$TRUCE_CACHE" -mindepth 1 ! -name images ! -name .lock
}

# end_with SIGNAL STATUS
end_with() {
	before=$(find "$TRUCE_CACHE" -name begun 2>/dev/null)
	background "$TRUCE" lab image build >"$scratch/said" 2>"$scratch/told"
	build=$pid
	poll_until 60 begun || fail "no build began: $(cat "$scratch/told")"
	# truce becomes truce-lab: it is the same process.
	kill "-$1" "$build"
	wait "$build" 2>/dev/null
	expect_equal "the status after SIG$1" "$2" "$?"
	poll_until 10 deserted || fail "after SIG$1 processes are left"
	! grep -q "$TRUCE_CACHE" /proc/self/mountinfo || fail "after SIG$1 a mount is left"
}

# A shell lets what it starts in the background ignore SIGINT.
end_with TERM 143
[ -z "$(files)" ] || fail "after SIGTERM there are $(files)"
end_with KILL 137
[ -n "$(files)" ] || fail "the kill came too late to tell anything"
end_with HUP 129
[ -z "$(files)" ] || fail "the build after a kill left $(files)"
expect_exit 0 "$TRUCE" lab image list
expect_match "the list" "no image" "$(cat "$scratch/out")"
