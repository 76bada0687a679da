#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What ksm watch records is as documented and is shown again, a cut line and all; status of captured hosts
# has what they tell, and says what they do not.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

validate() {
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/ksm-status.schema.json" <"$1" \
		>"$scratch/said"
	case $? in
	0) ;;
	77) skip "$(cat "$scratch/said")" ;;
	*) fail "$1: $(head -n 5 "$scratch/said")" ;;
	esac
}

# Without root some figures of others are refused, which is told by 3.
partly() {
	"$@" >"$scratch/out" 2>"$scratch/err" || [ $? -eq 3 ] || fail "$*: $(cat "$scratch/err")"
}

partly "$TRUCE" ksm watch --interval 50ms --samples 3 --json --record "$scratch/recording"
cmp "$scratch/out" "$scratch/recording" || fail "what is recorded is not what is printed"
validate "$scratch/recording"
expect_equal "samples" 3 "$(wc -l <"$scratch/recording")"
expect_exit 1 "$TRUCE" ksm watch --samples 1 --record "$scratch/recording"
expect_match "the refusal" 'recording is there already' "$(cat "$scratch/err")"

expect_exit 0 "$TRUCE" ksm watch --replay "$scratch/recording" --json
cmp "$scratch/out" "$scratch/recording" || fail "a recording is not shown as it is"
expect_exit 0 "$TRUCE" ksm watch --replay "$scratch/recording"
expect_equal "tables shown" 3 "$(grep -c '^reserve: ' "$scratch/out")"

head -c "$(($(wc -c <"$scratch/recording") - 100))" "$scratch/recording" >"$scratch/cut"
expect_exit 3 "$TRUCE" ksm watch --replay "$scratch/cut" --json
expect_match "the sentence" 'cut:3: ' "$(cat "$scratch/err")"
expect_equal "samples of a cut recording" 2 "$(wc -l <"$scratch/out")"
echo hello >"$scratch/cut"
expect_exit 1 "$TRUCE" ksm watch --replay "$scratch/cut"
expect_exit 1 "$TRUCE" ksm watch --replay "$scratch/nothing"
expect_exit 2 "$TRUCE" ksm watch --replay "$scratch/cut" --record "$scratch/new"
expect_exit 2 "$TRUCE" ksm watch --interval 0
expect_exit 1 "$TRUCE" ksm status --root "$scratch"
expect_exit 1 "$TRUCE" ksm status no-such-vm-is-there

for host in "$SOURCE_ROOT"/tests/hosts/*/; do
	[ -f "$host/about" ] || continue
	partly "$TRUCE" ksm status --json --root "$host"
	validate "$scratch/out"
	expect_match "$host" '"frames_absent":"a captured host does not tell of frames"' "$(cat "$scratch/out")"
	"$TRUCE" list --root "$host" --no-header --columns id 2>/dev/null | sort >"$scratch/ids"
	tr '{' '\n' <"$scratch/out" | sed -n 's/^"id":"\([0-9-]*\)".*/\1/p' | sort |
		cmp - "$scratch/ids" || fail "$host: status has other VMs than list"
	partly "$TRUCE" ksm status --root "$host"
	grep -q "$(printf '[\001-\010\013-\037]')" "$scratch/out" && fail "$host: control characters"
done

# A capture with maps has what status reads.
[ "$(id -u)" -eq 0 ] || exit 0
# shellcheck disable=SC2016
background sh -c 'cp "$1" "$2/qemu-system-x86_64"; exec "$2/qemu-system-x86_64" 100 0 0 0 on -name guest=ksm-captured' \
	sh "$BUILD_ROOT/tests/act/merge" "$scratch" >"$scratch/says" </dev/null
poll_until 30 grep -q '^ready' "$scratch/says" || skip "needs KSM for memory that may be merged"
partly "$TRUCE" capture --vm ksm-captured --with maps "$scratch/host"
partly "$TRUCE" ksm status --json --root "$scratch/host"
validate "$scratch/out"
expect_match "what may be merged" '"name":"ksm-captured".*"takes_part":"yes","mergeable_bytes":409600' \
	"$(cat "$scratch/out")"
expect_exit 0 "$TRUCE" ksm status --root "$scratch/host" --no-frames
