#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What cpu-knobs-act-and-are-given-back claims holds in a box too, whose cgroups are v2's: by the
# files where no systemd runs, and by scopes where one does.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
need_kvm
[ -x /lib/systemd/systemd ] || skip "needs systemd (Debian package systemd)"
for option in --memory=2G --systemd; do
	in_box 0 --kvm $option --timeout 400s \
		--env SOURCE_ROOT="$SOURCE_ROOT" --env BUILD_ROOT="$BUILD_ROOT" \
		--env TINY_VMM="$TINY_VMM" --env TRUCE="$TRUCE" --env CPU_KNOBS_SECONDS=6 \
		--env SPIN_SLACK=1.4 -- \
		sh "$SOURCE_ROOT/tests/claims/cpu-knobs-act-and-are-given-back.sh"
	cat "$scratch/out"
done
