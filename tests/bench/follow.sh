# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# observe_follow for scripts, which source this behind claims/lib.sh. One at a time.

# follow_start [COMMAND...]: an observer, run by COMMAND where one is given. Its pid is in
# $follow_pid, all that it says in $scratch/followed.
follow_start() {
	[ -x "$BENCH_DIR/observe_follow" ] || skip "needs observe_follow, which was not built"
	rm -f "$scratch/ask"
	mkfifo "$scratch/ask"
	: >"$scratch/followed"
	follow_answers=0
	exec 9<>"$scratch/ask"
	# A shell gives /dev/null as stdin to what it puts in the background.
	background "$@" sh -c 'exec "$1" ${3:+"$3"} <"$2" 9>&-' sh "$BENCH_DIR/observe_follow" \
		"$scratch/ask" "${follow_option:-}" >"$scratch/followed" 2>"$scratch/follow.err"
	follow_pid=$pid
	follow_ask
}

follow_answered() {
	[ "$(grep -c '^end$' "$scratch/followed")" -ge "$follow_answers" ]
}

# follow_ask: its list is in $scratch/list then, as observe_follow prints it. (Not by poll_until,
# so that a claim may poll with this.)
follow_ask() {
	follow_answers=$((follow_answers + 1))
	follow_tries=1500
	echo >&9
	until follow_answered; do
		kill -0 "$follow_pid" 2>/dev/null ||
			fail "the observer ended: $(cat "$scratch/follow.err")"
		follow_tries=$((follow_tries - 1))
		[ $follow_tries -gt 0 ] || fail "the observer did not answer within 30 s"
		sleep 0.02
	done
	awk '$1 == "list" { text = "" } /^(list|vm|ticked) / { text = text $0 "\n" }
		END { printf "%s", text }' "$scratch/followed" >"$scratch/list"
}

# Ends well, and by itself.
follow_end() {
	exec 9>&-
	wait "$follow_pid" || fail "the observer ended with $?: $(cat "$scratch/follow.err")"
}

# VMs by the descriptors that processes have open, which is how nothing in the program that is
# tested looks once it runs. What has just ended is not there.
vm_processes() {
	find /proc/[0-9]*/fd -lname anon_inode:kvm-vm 2>/dev/null | cut -d / -f 3 | sort -n | uniq
}
