#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# However a box ends, its processes end with it, and no socket or disk keeps a name.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box

# Sockets and disks of a box are made in these two.
XDG_RUNTIME_DIR=$scratch/run TMPDIR=$scratch/disks
export XDG_RUNTIME_DIR TMPDIR
mkdir "$XDG_RUNTIME_DIR" "$TMPDIR"

files() { find "$XDG_RUNTIME_DIR" "$TMPDIR" -mindepth 1; }
said_up() { [ -s "$scratch/up" ]; }

# boot: in the background, until its command runs. $box is truce-lab's pid, $children those of
# QEMU and virtiofsd. A shell gives its background jobs an ignored SIGINT: undo that.
boot() {
	rm -f "$scratch/up"
	env --default-signal=INT,HUP "$TRUCE" lab box --timeout 200s --disk 16M \
		--console "$scratch/console" -- sh -c 'echo up; sleep 1000' >"$scratch/up" 2>"$scratch/box-err" &
	box=$!
	background_pids="$background_pids $box"
	poll_until 120 said_up || fail "no box: $(cat "$scratch/box-err")"
	children=$(ps -o pid= --ppid "$box")
	# shellcheck disable=SC2086
	set -- $children
	expect_equal "processes of the box" 2 $#
}

# A process that has ended, and waits for init to notice, is gone.
children_are_gone() {
	for child in $children; do
		state=$(ps -o state= -p "$child") && [ "$state" != Z ] && return 1
	done
	return 0
}

expect_nothing_left() {
	poll_until 10 children_are_gone || fail "$1 left one of these processes: $children"
	expect_equal "files after $1" "" "$(files)"
}

child_named() {
	for child in $children; do
		case $(cat "/proc/$child/comm") in $1*) echo "$child" ;; esac
	done
}

boot
expect_equal "files of a running box" "" "$(files)"
kill -INT "$box"
wait "$box"
expect_equal "exit code after Ctrl-C" 130 $?
expect_nothing_left "Ctrl-C"

boot
kill -TERM "$box"
wait "$box"
expect_equal "exit code after SIGTERM" 143 $?
expect_nothing_left "SIGTERM"

boot
kill -KILL "$box"
wait "$box" 2>/dev/null
expect_nothing_left "kill -9 of truce-lab"

boot
kill -KILL "$(child_named qemu)"
wait "$box"
expect_equal "exit code after kill -9 of QEMU" 125 $?
expect_match "the sentence" "QEMU was killed by signal 9" "$(cat "$scratch/box-err")"
expect_nothing_left "kill -9 of QEMU"

boot
kill -KILL "$(child_named virtiofsd)"
wait "$box"
expect_equal "exit code after kill -9 of virtiofsd" 125 $?
expect_match "the sentence" "virtiofsd ended before the box" "$(cat "$scratch/box-err")"
expect_nothing_left "kill -9 of virtiofsd"
