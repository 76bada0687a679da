# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What every claim sources first:  . "$SOURCE_ROOT/tests/claims/lib.sh"
#
# A claim is a shell script whose name is the sentence that it proves. The build gives it:
#   TRUCE          the program          TRUCE_LIBEXEC  its helper programs
#   TINY_VMM       the test VMM         SOURCE_ROOT    this checkout      BUILD_ROOT  the build
# It ends with 0 (the claim holds), 1 (it does not: `fail`), or 77 (this machine cannot tell:
# `skip`, and the reason is the last line printed). $scratch is a directory of its own, gone
# at the end together with every process started with `background`.

set -u

# As on any machine: a system user has no shell, and continuous integration neither a locale
# nor a terminal.
export LC_ALL=C.UTF-8 SHELL=/bin/sh TERM="${TERM:-xterm-256color}"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/truce-claim.XXXXXX") || exit 1
background_pids=
at_exit_commands=

claim_end() {
	claim_status=$?
	trap - EXIT
	# The last one registered is undone first.
	eval "$at_exit_commands"
	for claim_pid in $background_pids; do
		kill "$claim_pid" 2>/dev/null
	done
	for claim_pid in $background_pids; do
		wait "$claim_pid" 2>/dev/null
	done
	rm -rf "$scratch"
	exit "$claim_status"
}
trap claim_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# skip REASON: this machine cannot tell.
skip() {
	echo "$*"
	exit 77
}

# fail SENTENCE: the claim does not hold, and here is how.
fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# at_exit COMMAND: one string, evaluated at the end however the claim ends.
at_exit() {
	at_exit_commands="$1
$at_exit_commands"
}

# background COMMAND...: in the background, ended with the claim. Leaves its pid in $pid.
background() {
	"$@" &
	pid=$!
	background_pids="$background_pids $pid"
}

# poll_until SECONDS COMMAND...: whether COMMAND succeeds within that time. It is tried at
# once and then twenty times a second, and at least twice.
poll_until() {
	poll_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		sleep 0.05
		[ "$(date +%s)" -le "$poll_end" ] || { "$@"; return; }
	done
}

# expect_equal WHAT WANTED GOT
expect_equal() {
	[ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}

# expect_match WHAT PATTERN TEXT: some line of TEXT matches the extended expression PATTERN.
expect_match() {
	printf '%s\n' "$3" | grep -Eq -- "$2" || fail "$1: nothing matches '$2' in: $3"
}

# expect_exit STATUS COMMAND...: runs it, with its output in $scratch/out and $scratch/err.
expect_exit() {
	expect_status=$1
	shift
	actual_status=0
	"$@" >"$scratch/out" 2>"$scratch/err" || actual_status=$?
	[ "$actual_status" -eq "$expect_status" ] && return
	cat "$scratch/out" "$scratch/err" >&2
	fail "'$*' ended with $actual_status and not with $expect_status"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# /dev/kvm is there and makes VMs. (That it runs a stock guest kernel is more: need_kvm_hardware.)
need_kvm() {
	[ -e /dev/kvm ] || skip "needs /dev/kvm, which this machine does not have"
	{ [ -r /dev/kvm ] && [ -w /dev/kvm ]; } || skip "needs /dev/kvm, which this user may not open"
	[ -x "${TINY_VMM:-}" ] || skip "needs the test VMM, which was not built"
}

# Some hosts give out a /dev/kvm that emulates guest code; a stock kernel crawls there.
need_kvm_hardware() {
	need_kvm
	grep -Eqw 'vmx|svm' /proc/cpuinfo || skip "needs hardware virtualisation (vmx or svm)"
}

# need_ksm_for_oneself: KSM stands still and nobody else turns it. Its files are in $ksm.
need_ksm_for_oneself() {
	ksm=/sys/kernel/mm/ksm
	[ -w "$ksm/run" ] || skip "needs a kernel with KSM"
	[ "$(cat "$ksm/run")" = 0 ] || skip "needs a host on which KSM stands still"
	! grep -qx -e ksmtuned -e momd -e vdsmd /proc/[0-9]*/comm 2>/dev/null || skip "somebody tunes KSM here"
	case $(cat "$ksm/advisor_mode" 2>/dev/null) in
	'' | *'[none]'*) ;;
	*) skip "KSM's advisor is on" ;;
	esac
}

# need_program NAME [DEBIAN PACKAGE]
need_program() {
	command -v "$1" >/dev/null || skip "needs $1${2:+ (Debian package $2)}"
}

# A box can be booted here. The first one of a machine fetches its kernel. Where the claim does
# not hold, the console of the last box is shown.
need_box() {
	: >"$scratch/console"
	# shellcheck disable=SC2016
	at_exit '[ "$claim_status" -eq 0 ] || cat "$scratch/console" >&2'
	box_answer=$("$TRUCE" lab box --check 2>&1)
	case $? in
	0) ;;
	77) skip "$box_answer" ;;
	*) fail "truce lab box --check: $box_answer" ;;
	esac
	case $box_answer in *"once the kernel"*)
		box_answer=$("$TRUCE" lab box --fetch 2>&1) || skip "needs a kernel: $box_answer" ;;
	esac
}

# in_box STATUS [OPTION...] -- COMMAND...: expect_exit of a box. Needs need_box before it.
in_box() {
	box_wanted=$1
	shift
	box_status=0
	run_box "$@" || box_status=$?
	[ "$box_status" -eq "$box_wanted" ] && return
	cat "$scratch/out" "$scratch/err" >&2
	fail "a box with '$*' ended with $box_status and not with $box_wanted"
}

# run_box [OPTION...] -- COMMAND...: what COMMAND ended with; its output is in $scratch/out and
# $scratch/err. QEMU 7.2 runs code that was there before a kernel patched its own: with several
# processors and guests under KVM a box's kernel meets a breakpoint that is long gone, and dies of it
# (doc/findings.md); or it halts for ever. One that does is begun once more, with one processor.
run_box() {
	run_status=0
	"$TRUCE" lab box --timeout 200s --console "$scratch/console" "$@" \
		>"$scratch/out" 2>"$scratch/err" || run_status=$?
	[ "$run_status" -eq 125 ] || return "$run_status"
	grep -q -e 'a triple fault reset' -e 'Oops: int3' -e 'the box stands still' "$scratch/err" ||
		return "$run_status"
	echo "its emulation ended the box, which is begun once more with one processor:"
	cat "$scratch/err"
	"$TRUCE" lab box --timeout 200s --console "$scratch/console" --cpus 1 "$@" \
		>"$scratch/out" 2>"$scratch/err"
}
