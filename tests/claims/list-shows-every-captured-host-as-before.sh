#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# What list says of each captured host is kept in tests/golden/list-HOST.txt; UPDATE_GOLDEN=1
# writes it anew. Of hosts with very many VMs the first lines and their number are kept.
shown=0
for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	[ -f "$host/about" ] || continue
	shown=$((shown + 1))
	name=$(basename "$host")
	golden=$SOURCE_ROOT/tests/golden/list-$name.txt
	"$TRUCE" list --root "$host" >"$scratch/out" 2>"$scratch/err"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 3 ] || fail "$name: ended with $status: $(cat "$scratch/err")"
	{
		head -40 "$scratch/out"
		echo "$(wc -l <"$scratch/out") lines, exit status $status"
		cat "$scratch/err"
	} >"$scratch/got"
	grep -q "$(printf '[\001-\010\013-\037]')" "$scratch/got" && fail "$name: control characters"
	if [ -n "${UPDATE_GOLDEN:-}" ]; then
		cp "$scratch/got" "$golden"
	elif [ ! -f "$golden" ]; then
		fail "$name: there is no $golden; tools/golden-update makes it"
	else
		diff -u "$golden" "$scratch/got" || fail "$name: list says something else"
	fi

	# Sorted and cut in any way, nothing is lost: the same VMs, in JSON too.
	"$TRUCE" list --root "$host" --no-header --columns id --sort rss >"$scratch/ids" 2>/dev/null
	"$TRUCE" list --root "$host" --json 2>/dev/null | tr '{' '\n' |
		sed -n 's/^"id":"\([0-9-]*\)".*/\1/p' | sort >"$scratch/json"
	sort "$scratch/ids" | cmp - "$scratch/json" || fail "$name: JSON has other VMs"
done
[ "$shown" -gt 0 ] || skip "needs a captured host in tests/hosts"
