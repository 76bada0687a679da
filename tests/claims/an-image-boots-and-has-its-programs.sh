#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truce lab image build makes a guest that boots, whose agent answers, and that has the programs of
# experiments: the image that this machine has, or one that is built here, which takes minutes.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
need_program debugfs e2fsprogs
ls /var/cache/truce/kernels/*/lib/modules >"$scratch/kernels" 2>&1 ||
	skip "needs a guest kernel: truce lab box --fetch brings it"

if ! [ -e /var/cache/truce/images/debian/about ]; then
	need_program mmdebstrap mmdebstrap
	(cd "$scratch" && timeout 60 apt-get download -q -o APT::Sandbox::User=root hostname) >"$scratch/apt" 2>&1 ||
		skip "needs an image: truce lab image build makes one, and apt can download nothing here"
	export TRUCE_CACHE="$scratch/cache"
	mkdir "$TRUCE_CACHE"
	ln -s /var/cache/truce/kernels "$TRUCE_CACHE/kernels"
	expect_exit 0 "$TRUCE" lab image build
	cat "$scratch/out"
	expect_match "what is told" "^image debian: Debian [a-z]+, [0-9]+ packages, .* built in [0-9]+ s" \
		"$(cat "$scratch/out")"
fi
place=${TRUCE_CACHE:-/var/cache/truce}/images/debian

for program in fio iperf3 stress-ng sysbench perl make gcc; do
	grep -q "^$program " "$place/packages" || fail "the list of packages has no $program"
	debugfs -R "stat /usr/bin/$program" "$place/disk" 2>/dev/null | grep -q '^Inode' ||
		fail "there is no $program in it"
done
expect_exit 0 e2fsck -fn "$place/disk"
before=$(stat -c '%Y %b' "$place/disk")
expect_exit 0 "$TRUCE" lab image check
cat "$scratch/out"
expect_match "the check" "^debian boots .* answered after [0-9.]+ s" "$(cat "$scratch/out")"
expect_equal "what is written to it" "$before" "$(stat -c '%Y %b' "$place/disk")"

expect_exit 0 "$TRUCE" lab image list --json
/usr/bin/python3 - "$scratch/out" <<'END' || fail "list --json: $(cat "$scratch/out")"
import json
import sys
told = json.load(open(sys.argv[1]))
assert told["schema"] == "truce.lab-image.list/1"
image = [image for image in told["images"] if image["name"] == "debian"][0]
assert image["packages"] > 100 and image["bytes_used"] > 1 << 28
END
