#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

# refused PATTERN ARGUMENT...: exit code 2, nothing on standard output, one sentence.
refused() {
	pattern=$1
	shift
	expect_exit 2 "$TRUCE" "$@"
	expect_equal "output of '$*'" "" "$(cat "$scratch/out")"
	expect_equal "lines about '$*'" 1 "$(wc -l <"$scratch/err")"
	expect_match "the sentence about '$*'" "$pattern" "$(cat "$scratch/err")"
}

refused '^truce: there is no verb "lsit"; did you mean list\?' lsit
refused '^truce: there is no verb "frobnicate"; truce help' frobnicate
refused '^truce: there is no verb "x\\x1b\[2J"' "x$(printf '\033')[2J"
refused '^truce list: .*--jsno; did you mean --json\?' list --jsno
refused '^truce list: .*column "cup"; did you mean cpu\?' list --sort cup
refused '^truce list: .*column "";' list --columns name,,cpu
refused '^truce list: --over takes a time' list --over soon
refused '^truce list: --over needs a value, TIME' list --over
refused '^truce top: .*100ms' top --interval 5ms
refused '^truce top: --batch takes a whole number' top --batch some
refused '^truce top: takes no further argument "more"' top more
refused '^truce events: .*--rot; did you mean --root\?' events --rot=/
refused '^truce: there is no verb "lsit"' help lsit
refused '^truce list: there is no column "a\\x0ab\\x1b' list --columns "$(printf 'a\nb\033')"
refused '^truce record: --interval takes .* more than 0' record --interval 0 "$scratch/never"
refused '^truce export: "127.0.0.1:99999" is no address' export --listen 127.0.0.1:99999
refused '^truce export: "127.0.0.1:[+]80" is no address' export --listen 127.0.0.1:+80
refused '^truce capture: "" is no name' capture ""
refused '^truce lab work: .*"cpu-intger"; did you mean cpu-integer\?' lab work cpu-intger
refused '^truce lab work: .*"sise"; did you mean size\?' lab work memory-read sise=4K
refused '^truce lab work: size takes a size .*"4X"' lab work memory-read size=4X

# Without a verb: what there is, on standard error.
expect_exit 2 "$TRUCE"
expect_match "usage" '^usage: truce VERB' "$(cat "$scratch/err")"

# What was asked for comes on standard output.
expect_exit 0 "$TRUCE" help
expect_match "help" '^  list ' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" --version
expect_match "version" '^truce [0-9]' "$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" help top
cp "$scratch/out" "$scratch/help"
expect_exit 0 "$TRUCE" top --help
cmp "$scratch/help" "$scratch/out" || fail "help top is not top --help"
