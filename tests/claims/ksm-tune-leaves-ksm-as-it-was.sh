#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truce ksm tune merges what is alike, and however it ends (by time, by each signal that asks it to, by
# kill -9 and undo) KSM's settings are as they were. What somebody else sets meanwhile is told, and
# is left to them or taken over, as asked; who tunes KSM already is named.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_ksm_for_oneself
need_program qemu-system-x86_64 qemu-system-x86
need_program python3

values() { cat "$ksm/run" "$ksm/pages_to_scan" "$ksm/sleep_millisecs"; }
before=$(values)
before_pages=$(cat "$ksm/pages_to_scan")
# Whatever happens below, this machine is left as it was found.
# shellcheck disable=SC2016
at_exit 'echo 0 >"$ksm/run"; echo "$before_pages" >"$ksm/pages_to_scan"'
export TRUCE_RUN_DIR="$scratch/run" TRUCE_STATE_DIR="$scratch/state"

# Two guests that stand still, with the same 8 MB in them.
head -c 8388608 /dev/urandom >"$scratch/fill"
for number in 1 2; do
	background qemu-system-x86_64 -nodefaults -no-user-config -display none -S -m 32 -accel tcg \
		-name "tune$number" -device loader,file="$scratch/fill",addr=0x1000000,force-raw=on
done
are_filled() {
	for guest in $background_pids; do
		[ "$(awk '{ print $2 - $3 }' "/proc/$guest/statm")" -ge 2048 ] || return 1
	done
}
poll_until 60 are_filled || fail "the guests do not get their memory"

expect_exit 0 "$TRUCE" ksm tune --dry-run
expect_match "what it would begin with" 'sweep  nothing is turned' "$(cat "$scratch/out")"
expect_equal "the kernel's values after a dry run" "$before" "$(values)"

# By time.
expect_exit 0 "$TRUCE" ksm tune --for 1s --waiting 100
expect_equal "the kernel's values after the end" "$before" "$(values)"
expect_match "what it tells" '  end    ' "$(cat "$scratch/out")"

# begin_tuning OPTION...: it runs, and has turned KSM on. Background shells ignore SIGINT: not here.
begin_tuning() {
	background env --default-signal=INT,HUP "$TRUCE" ksm tune --waiting 100 "$@" \
		>"$scratch/tune.out" 2>"$scratch/tune.err"
	tuner=$pid
	is_on() { [ "$(cat "$ksm/run")" = 1 ]; }
	poll_until 30 is_on || fail "KSM is not turned on: $(cat "$scratch/tune.err")"
}

# expect_end STATUS
expect_end() {
	end_status=0
	wait "$tuner" || end_status=$?
	expect_equal "how it ended ($(cat "$scratch/tune.err"))" "$1" "$end_status"
}

# What is alike merges meanwhile, however much others have on this host.
begin_tuning --json
is_calm() { grep -q '"phase":"calm"' "$scratch/tune.out"; }
poll_until 120 is_calm || fail "it does not come to calm: $(cat "$scratch/tune.out" "$scratch/tune.err")"
kill -TERM "$tuner"
expect_end 0
expect_equal "the kernel's values after calm" "$before" "$(values)"
"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/ksm-tune.schema.json" <"$scratch/tune.out" \
	>"$scratch/said" || fail "$(cat "$scratch/said")"
python3 - "$scratch/tune.out" <<'END' || fail "it does not tell what it did: $(cat "$scratch/tune.out")"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines[0]["event"] == "phase" and lines[0]["phase"] == "sweep", "it begins with a sweep"
assert lines[-1]["event"] == "end", "it tells its end"
END
# What was merged stays merged.
merged=$(cat "$ksm/pages_sharing")
[ "$merged" -ge 1900 ] || fail "of 2048 pages that are alike $merged are merged"

for signal in INT TERM HUP; do
	begin_tuning
	kill -"$signal" "$tuner"
	expect_end 0
	expect_equal "the kernel's values after SIG$signal" "$before" "$(values)"
done

begin_tuning
expect_exit 1 "$TRUCE" undo host
expect_match "who has the knobs" 'has the lock' "$(cat "$scratch/err")"
kill -9 "$tuner"
expect_end 137
[ "$(values)" != "$before" ] || fail "a kill -9 gave back by itself: nothing is shown"
expect_exit 0 "$TRUCE" undo host
expect_equal "the kernel's values after kill -9 and undo" "$before" "$(values)"

# Somebody else's hand: left to them.
begin_tuning
echo 777 >"$ksm/pages_to_scan"
expect_end 1
expect_match "what it says" 'somebody else set .*pages_to_scan to 777.*left to them' "$(cat "$scratch/tune.err")"
expect_equal "what they set" 777 "$(cat "$ksm/pages_to_scan")"
echo "$before_pages" >"$ksm/pages_to_scan"
expect_equal "the kernel's other values" "$before" "$(values)"

# Or taken over.
begin_tuning --take-over --json
echo 777 >"$ksm/pages_to_scan"
is_taken_over() { grep -q '"event":"drift".*777' "$scratch/tune.out" && [ "$(cat "$ksm/pages_to_scan")" != 777 ]; }
poll_until 30 is_taken_over || fail "it is not set again: $(cat "$scratch/tune.out" "$scratch/tune.err")"
kill -TERM "$tuner"
expect_end 0
expect_equal "the kernel's values after a hand taken over" "$before" "$(values)"

# By name.
cp "$(command -v sleep)" "$scratch/ksmtuned"
background "$scratch/ksmtuned" 300
is_there() { [ "$(cat "/proc/$pid/comm")" = ksmtuned ]; }
poll_until 10 is_there || fail "the other tuner has another name"
expect_exit 1 "$TRUCE" ksm tune --for 1s
expect_match "who tunes" 'ksmtuned runs here' "$(cat "$scratch/err")"
expect_equal "the kernel's values" "$before" "$(values)"
for wrong in --cpu=0 --calm=200 --waiting=much --cpu=; do
	expect_exit 2 "$TRUCE" ksm tune $wrong
done
