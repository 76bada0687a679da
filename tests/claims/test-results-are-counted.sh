#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program meson

# project TEST...: a project whose tests are these shell commands, each named by its number.
project() {
	rm -rf "$scratch/project" "$scratch/build"
	mkdir "$scratch/project"
	{
		echo "project('truce')"
		number=0
		for command; do
			number=$((number + 1))
			echo "test('claim-$number', find_program('sh'), args: ['-c', '''$command'''], suite: 'fast')"
		done
	} >"$scratch/project/meson.build"
	meson setup "$scratch/build" "$scratch/project" >/dev/null || fail "meson setup"
}

# summary STATUS CLOSING_LINE
summary() {
	expect_exit "$1" "$SOURCE_ROOT/tools/test-summary" "fast=$scratch/build"
	expect_equal "the last line" "$2" "$(tail -n 1 "$scratch/out")"
	expect_equal "the number of closing lines" 1 "$(grep -c ' passed, ' "$scratch/out")"
}

said() {
	expect_match "the report" "$1" "$(cat "$scratch/out")"
}

project 'true' 'echo first; echo no such device; exit 77' 'true'
summary 0 "2 passed, 0 failed, 1 skipped"
said '^ +ok +[0-9.]+ s  claim 1$'
said '^skipped \(fast\): claim 2: no such device$'

project 'true' 'echo the reason of the failure; exit 3'
summary 1 "1 passed, 1 failed, 0 skipped"
said '^FAILED \(fast\): claim 2$'
said 'the reason of the failure'

# Killed by a signal is failed; all skipped, and no test at all, is no success either.
project 'kill -SEGV $$' 'true'
summary 1 "1 passed, 1 failed, 0 skipped"
project 'exit 77'
summary 1 "0 passed, 0 failed, 1 skipped"
said 'claim 1: it gave no reason'
project
summary 1 "0 passed, 0 failed, 0 skipped"

# A test that is in no suite would never run: that is a failure.
project 'true'
echo "test('forgotten', find_program('true'))" >>"$scratch/project/meson.build"
meson setup --reconfigure "$scratch/build" "$scratch/project" >/dev/null || fail "meson setup"
summary 1 "1 passed, 1 failed, 0 skipped"
said '^FAILED \(none\): forgotten$'

# Interrupted, it still sums up, leaves nothing running, and is no success.
project 'true' "echo \$\$ >$scratch/sleeper; exec sleep 86399"
background "$SOURCE_ROOT/tools/test-summary" "fast=$scratch/build" >"$scratch/out" 2>&1
poll_until 10 test -s "$scratch/sleeper" || fail "the test did not start"
kill -TERM "$pid"
wait "$pid"
expect_equal "the exit status" 143 $?
# Of two tests that were just being started, meson may forget the one that could have ended.
expect_match "the last line" '^[01] passed, 1 failed, 0 skipped$' "$(tail -n 1 "$scratch/out")"
sleeper_is_gone() { ! kill -0 "$(cat "$scratch/sleeper")" 2>/dev/null; }
poll_until 5 sleeper_is_gone || fail "the interrupted test still runs"
