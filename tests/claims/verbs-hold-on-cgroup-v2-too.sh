#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The claims about set, undo and explain with real VMs, once more on a stock kernel with cgroup v2.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
for claim in set-without-truced-is-given-back what-truced-does-is-explained; do
	in_box 0 --kvm --env "SOURCE_ROOT=$SOURCE_ROOT" --env "BUILD_ROOT=$BUILD_ROOT" --env "TRUCE=$TRUCE" \
		--env "TINY_VMM=$TINY_VMM" --env "TRUCE_LIBEXEC=$TRUCE_LIBEXEC" -- \
		"$SOURCE_ROOT/tests/claims/$claim.sh"
done
