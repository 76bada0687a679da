#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The page of truce-agent has each of its options; doc/format/agent-wire.md has each counter, in
# the order of its bits, and each kind of frame with its number.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program mandoc mandoc

page=$SOURCE_ROOT/doc/man/truce-agent.8
mandoc -T lint "$page" | grep -v 'referenced manual not found' >"$scratch/lint"
[ -s "$scratch/lint" ] && fail "$(cat "$scratch/lint")"
mandoc -T utf8 "$page" | sed 's/.\x08//g' >"$scratch/page"
"$BUILD_ROOT/src/agent/truce-agent" --help >"$scratch/help" || fail "truce-agent has no help"
grep -Eo -- '--[a-z-]+|(vsock|tcp):[a-z]*|(port|tty|fd):' "$scratch/help" | sort -u >"$scratch/words"
[ "$(wc -l <"$scratch/words")" -ge 8 ] || fail "the help names hardly anything"
while read -r word; do
	grep -Fq -- "$word" "$scratch/page" || fail "the manual page does not tell of $word"
done <"$scratch/words"

wire=$SOURCE_ROOT/doc/format/agent-wire.md
sed -n 's/^	X(\([a-z_]*\), "\(.*\)").*/\1 \2/p' "$SOURCE_ROOT/uapi/agent_counters.h" |
	awk '{ name = $1; $1 = ""; print "| " NR - 1 " | `" name "` |" $0 " |" }' >"$scratch/wanted"
sed -n 's/^\(| [0-9]* | `.*\)/\1/p' "$wire" >"$scratch/told"
[ -s "$scratch/wanted" ] || fail "no counter was found"
diff "$scratch/wanted" "$scratch/told" || fail "the counters of agent-wire.md are not the header's"

# AGENT_PING, ... in their order, from the numbers that are written there on.
sed -n '/^enum agent_kind/,/^}/s/^	AGENT_\([A-Z_]*\)\( = \([0-9]*\)\)*,.*/\1 \3/p' \
	"$SOURCE_ROOT/uapi/agent_wire.h" |
	awk '{ number = $2 != "" ? $2 : number + 1; print "| " number " | " $1 }' >"$scratch/kinds"
[ "$(wc -l <"$scratch/kinds")" -ge 19 ] || fail "kinds of frames were not found"
while read -r row; do
	grep -Fq "$row " "$wire" || fail "agent-wire.md has no row that begins $row"
done <"$scratch/kinds"
