#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A --root that is no captured host gets one sentence that says what is wrong with it.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# refused PATTERN DIR
refused() {
	for verb in list doctor events; do
		expect_exit 1 "$TRUCE" "$verb" --root "$2"
		expect_equal "lines of truce $verb" 1 "$(wc -l <"$scratch/err")"
		expect_match "truce $verb" "^truce $verb: .*$1" "$(cat "$scratch/err")"
		expect_equal "output" "" "$(cat "$scratch/out")"
	done
}

refused "none: No such file or directory" "$scratch/none"
echo x >"$scratch/file"
refused "is no directory; a captured host is one" "$scratch/file"
mkdir "$scratch/empty"
refused "it has no file .about.; .truce capture DIR. makes one" "$scratch/empty"
refused "it has no file .about." /

host=$scratch/host
mkdir "$host"
echo "truce-capture 1" >"$host/about"
refused "it has no directory proc" "$host"
mkdir "$host/proc"
echo "truce-capture 999" >"$host/about"
refused "format 999, this truce reads up to 1: use a newer one" "$host"
echo "ELF" >"$host/about"
refused "about is not of a capture made by .truce capture." "$host"
printf 'truce-capture 1\npage_size big\n' >"$host/about"
refused "about:2: a number belongs behind this key" "$host"
echo "truce-capture 1" >"$host/about"
printf '10 exit 5\n7 exit 6\n' >"$host/events"
refused "events:2: this is earlier than the line before" "$host"
