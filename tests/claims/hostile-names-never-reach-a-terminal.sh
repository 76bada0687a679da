#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest may be called anything: ten kilobytes, escapes that retitle or clear a terminal, bytes that
# are no UTF-8, a right-to-left override. What list, events, top and error messages print has none of
# it, on a terminal or not; the guest is listed all the same, and JSON stays JSON.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
need_program script bsdutils

# BEL, ESC ] title, ESC [ 2 J, an invalid byte, U+202E.
hostile=$(printf 'evil\033]0;owned\007\033[2J\377\342\200\256end')
long=$(head -c 10000 /dev/zero | tr '\0' 'A')

start() {
	background qemu-system-x86_64 -nodefaults -no-user-config -display none -m 32 -accel tcg \
		-name "$1"
}
start "guest=$hostile"
hostile_pid=$pid
start "guest=$long$hostile"
long_pid=$pid
# The name of a process is a stranger's too.
if [ -e /dev/kvm ]; then
	background "$TINY_VMM" run --vms 1 --name "$(printf 'x\033[31mred')" >/dev/null
fi

are_listed() {
	"$TRUCE" list --over 0 --no-header --columns pid,name >"$scratch/out" 2>"$scratch/err"
	grep -q "^ *$hostile_pid .*evil" "$scratch/out" && grep -q "^ *$long_pid .*AAAA" "$scratch/out"
}
poll_until 20 are_listed || fail "they are not listed: $(cat "$scratch/out" "$scratch/err")"

# clean WHAT FILE: nothing but printable characters and line ends. C.UTF-8 knows which those are.
clean() {
	LC_ALL=C grep -q "$(printf '[\001-\010\013\014\016-\037\177]')" "$2" &&
		fail "$1 has a control character: $(od -c "$2" | grep -m 3 -E ' 0(33|07) |\\a')"
	iconv -f UTF-8 -t UTF-8 "$2" >/dev/null 2>&1 || fail "$1 is not UTF-8"
	LC_ALL=C grep -q "$(printf '\342\200\256')" "$2" && fail "$1 turns the direction of text"
	:
}

# What is written to a terminal may have colours: of the names' own escapes it may have none.
clean_terminal() {
	LC_ALL=C grep -q "$(printf '\033\\]0;owned')" "$2" && fail "$1 retitles the terminal"
	LC_ALL=C grep -q "$(printf '\033\\[31mred')" "$2" && fail "$1 takes a name's colour"
	LC_ALL=C grep -q "$(printf '\007')" "$2" && fail "$1 rings"
	LC_ALL=C grep -q "$(printf 'evil\033')" "$2" && fail "$1 passes an escape on"
	LC_ALL=C grep -q "$(printf '\342\200\256')" "$2" && fail "$1 turns the direction of text"
	:
}

clean "list" "$scratch/out"
[ "$(awk '{ if (length($0) > longest) longest = length($0) } END { print longest }' \
	"$scratch/out")" -lt 400 ] || fail "a name of 10 kB fills the table"
"$TRUCE" list "$hostile" >"$scratch/out" 2>"$scratch/err"
clean "list NAME" "$scratch/out"
clean "list NAME's sentence" "$scratch/err"
"$TRUCE" list "no$hostile" >"$scratch/out" 2>"$scratch/err" && fail "a VM that is not there is found"
clean "the sentence on a name that is not there" "$scratch/err"
"$TRUCE" list --json --over 0 >"$scratch/json" || fail "list --json ended with $?"
/usr/bin/python3 -c '
import json, sys
names = {vm["pid"]: vm["name"] for vm in json.load(open(sys.argv[1], encoding="utf-8"))["vms"]}
assert "evil" in names[int(sys.argv[2])], names' "$scratch/json" "$hostile_pid" ||
	fail "list --json is no JSON, or has other names"
tr -d '\n' <"$scratch/json" >"$scratch/json-line"
clean "list --json" "$scratch/json-line"

# The program of page sharing need not be built.
if "$TRUCE" ksm status --help >"$scratch/out" 2>&1; then
	"$TRUCE" ksm status --no-frames >"$scratch/out" 2>"$scratch/err" || fail "ksm status ended with $?"
	grep -q evil "$scratch/out" || fail "ksm status does not name the guest"
	clean "ksm status" "$scratch/out"
	"$TRUCE" ksm watch --samples 1 --record "$scratch/sharing" >"$scratch/out" || fail "ksm watch ended with $?"
	clean "ksm watch" "$scratch/out"
	"$TRUCE" ksm watch --replay "$scratch/sharing" >"$scratch/out" || fail "ksm watch --replay ended with $?"
	clean "a recording of ksm watch" "$scratch/out"
	"$TRUCE" ksm status "no$hostile" >"$scratch/out" 2>"$scratch/err" && fail "a VM that is not there is found"
	clean "ksm status's sentence on a name that is not there" "$scratch/err"
fi

script -qec "'$TRUCE' list" "$scratch/terminal" >/dev/null </dev/null || fail "list on a terminal"
clean_terminal "list on a terminal" "$scratch/terminal"
# A screen with room for whatever else runs here.
TERM=xterm script -qec "stty rows 600 cols 120; timeout --foreground -k 2 3 '$TRUCE' top" \
	"$scratch/terminal" >/dev/null </dev/null
clean_terminal "top on a terminal" "$scratch/terminal"
grep -q evil "$scratch/terminal" || fail "top did not show the guest: $(head -c 300 "$scratch/terminal")"

# Its death is told, too.
background "$TRUCE" events --interval 100ms >"$scratch/events"
# From when it holds the guest's pidfd it knows the guest.
hears() { grep -qs "^Pid:[[:space:]]*$hostile_pid\$" "/proc/$pid/fdinfo/"*; }
poll_until 10 hears || fail "events does not run"
kill "$hostile_pid"
poll_until 10 grep -q 'destroyed.*evil' "$scratch/events" ||
	fail "the death was not told: $(cat "$scratch/events")"
clean "events" "$scratch/events"
