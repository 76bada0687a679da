#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each policy of policies/ has a scene, the recording of it, and the plan that it gives on that. The plan
# is the same to the byte, and does what tests/policies/expect.py says of it in words.
# UPDATE_GOLDEN=1 makes recordings (where a scene has changed) and plans anew.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

recordings=$SOURCE_ROOT/policies/recordings
TRUCE_LIBEXEC=$BUILD_ROOT/src/decide
export TRUCE_LIBEXEC
cd "$SOURCE_ROOT/policies" || fail "no policies"

# Not the bytes of the file: another zstd may write others.
same_figures() {
	"$TRUCE" dump "$1" >"$scratch/one" 2>&1 && "$TRUCE" dump "$2" >"$scratch/other" 2>&1 &&
		cmp -s "$scratch/one" "$scratch/other"
}

tried=0
for policy in *.lua; do
	name=${policy%.lua}
	recording=$recordings/$name.truce
	tried=$((tried + 1))
	rm -f "$scratch/scene.truce"
	"$BUILD_ROOT/tests/policies/scene" "$recordings/$name.scene" "$scratch/scene.truce" ||
		fail "$name: no scene"
	if [ -n "${UPDATE_GOLDEN:-}" ] && ! same_figures "$scratch/scene.truce" "$recording"; then
		cp "$scratch/scene.truce" "$recording"
	fi
	same_figures "$scratch/scene.truce" "$recording" ||
		fail "$name: its scene is another than was recorded; tools/golden-update records it"
	[ "$(wc -c <"$recording")" -lt 61440 ] || fail "$name: its recording is larger than 60 kB"

	expect_exit 0 "$TRUCE" policy replay "$policy" "recordings/$name.truce"
	if [ -n "${UPDATE_GOLDEN:-}" ]; then
		cp "$scratch/out" "$recordings/$name.plan"
	else
		diff -u "$recordings/$name.plan" "$scratch/out" || fail "$name: another plan than it gave"
	fi
	expect_exit 0 "$TRUCE" policy replay --json "$policy" "recordings/$name.truce"
	python3 "$SOURCE_ROOT/tests/policies/expect.py" "$name" <"$scratch/out" || fail "$name"
done
[ "$tried" -gt 0 ] || fail "there is no policy"
