#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder is killed fifty times while it writes, and started again on the same file. All that
# could be read before can be read afterwards, whole and in order, and each life adds to it.
. "$SOURCE_ROOT/tests/claims/lib.sh"

recording=$scratch/recording

# Snapshots that can be read, one number a line: their places in the lives they were made in.
read_sequences() {
	"$TRUCE" dump "$recording" 2>"$scratch/err" | sed 's/.*"sequence":\([0-9]*\),.*/\1/'
}

larger_than() {
	[ "$(stat -c %s "$recording" 2>/dev/null || echo 0)" -gt "$1" ]
}

life=0
size=16
while [ $life -lt 50 ]; do
	"$TRUCE" record --interval 2ms "$recording" 2>>"$scratch/record.err" &
	pid=$!
	background_pids="$background_pids $pid"
	poll_until 10 larger_than "$size" || fail "life $life wrote nothing: $(cat "$scratch/record.err")"
	# Somewhere in a tick, another place each time.
	sleep "0.0$((life * 7 % 10))$((life % 10))"
	kill -9 $pid
	wait $pid 2>/dev/null
	size=$(stat -c %s "$recording")
	life=$((life + 1))
	[ $((life % 10)) -eq 0 ] || continue
	read_sequences >"$scratch/now"
	[ ! -s "$scratch/before" ] || cmp -s "$scratch/before" "$scratch/now.head" ||
		head -n "$(wc -l <"$scratch/before")" "$scratch/now" | cmp -s - "$scratch/before" ||
		fail "after $life lives, what was there before is not there as it was"
	cp "$scratch/now" "$scratch/before"
done

# In each life the numbers begin with 1 and go on by one: no snapshot within is missing.
awk -v lives=50 '
	$1 == 1 { life++; last = 0 }
	$1 != last + 1 { print "snapshot " $1 " follows " last; exit 1 }
	{ last = $1 }
	END { if (life != lives) { print life " lives and not " lives; exit 1 } }
' "$scratch/now" >"$scratch/verdict" || fail "$(cat "$scratch/verdict")"
if grep -v -e 'half a snapshot' "$scratch/err" | grep -q .; then
	fail "$(cat "$scratch/err")"
fi
echo "50 lives, $(wc -l <"$scratch/now") snapshots," \
	"$(grep -c 'cut off' "$scratch/record.err") torn ends cut off"
