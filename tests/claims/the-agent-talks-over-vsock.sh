#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests of a host that has vhost_vsock: the agent in them hears its host and connects to it, and
# hears nobody else.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
test_program=$BUILD_ROOT/src/agent/agent_vsock_test
[ -x "$test_program" ] || skip "needs truce-agent as a static program"

in_box 0 --kvm --memory 1G --load vhost_vsock --load vsock_loopback \
	--env "AGENT=$BUILD_ROOT/src/agent/truce-agent" -- "$test_program"
expect_match "what was tested" "PASSED.* 3 test" "$(cat "$scratch/out" "$scratch/err")"
