#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program mandoc mandoc

# Verbs as `truce help` lists them: the words that begin its lines.
verbs=$("$TRUCE" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ -n "$verbs" ] || fail "help names no verb"

# page_tells_options NAME WORD...: the page truce-NAME.1 has each option of `truce WORD... --help`.
page_tells_options() {
	page=$SOURCE_ROOT/doc/man/truce-$1.1
	[ -f "$page" ] || fail "there is no manual page of $1"
	mandoc -T utf8 "$page" | sed 's/.\x08//g' >"$scratch/page"
	name=$1
	shift
	"$TRUCE" "$@" --help >"$scratch/help" || return 0 # a noun's program may not be built
	grep -Eo -- '--[a-z-]+' "$scratch/help" | sort -u >"$scratch/options"
	while read -r option; do
		grep -Eq -- "$option([^a-z-]|\$)" "$scratch/page" ||
			fail "the manual page of $name does not tell of $option"
	done <"$scratch/options"
}

for verb in $verbs; do
	page_tells_options "$verb" "$verb"
	grep -q "truce $verb\|truce-$verb" "$SOURCE_ROOT/doc/man/truce.1" ||
		fail "truce.1 does not name $verb"
done
for verb in $("$TRUCE" lab --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	page_tells_options "lab-$verb" lab "$verb"
	grep -q "truce-lab-$verb 1" "$SOURCE_ROOT/doc/man/truce-lab.1" || fail "truce-lab.1 does not name $verb"
done
for verb in $("$TRUCE" ksm --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	page_tells_options "ksm-$verb" ksm "$verb"
	grep -q "truce-ksm-$verb 1" "$SOURCE_ROOT/doc/man/truce-ksm.1" || fail "truce-ksm.1 does not name $verb"
done
for verb in build list check; do
	page_tells_options lab-image lab image $verb
done
for verb in $("$TRUCE" policy --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	page_tells_options policy policy "$verb"
	grep -q "^\.Ss truce policy $verb\$" "$SOURCE_ROOT/doc/man/truce-policy.1" ||
		fail "truce-policy.1 does not tell of $verb"
done

for page in "$SOURCE_ROOT"/doc/man/*.1; do
	# Whether the pages it refers to are installed here is not the page's fault.
	mandoc -T lint "$page" | grep -v 'referenced manual not found' >"$scratch/lint"
	[ -s "$scratch/lint" ] && fail "$(cat "$scratch/lint")"
done

# Every column of list, too.
for column in name id uuid cpu wait throttled hurt time waited rss quota where; do
	grep -q "^\.It Cm $column\$" "$SOURCE_ROOT/doc/man/truce-list.1" ||
		fail "truce-list.1 does not tell of the column $column"
done
