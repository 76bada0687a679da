#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The experiment that doc/format/experiment.md shows for a Debian guest is run as it stands there:
# what fio was told to do is what is counted.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
[ -e /var/cache/truce/images/debian/about ] ||
	skip "needs an image: truce lab image build makes one, in minutes"
ls /var/cache/truce/kernels/*/lib/modules >"$scratch/kernels" 2>&1 ||
	skip "needs a guest kernel: truce lab box --fetch brings it"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

sed -n '/name = "debian-fio"/,/^    }/p' "$SOURCE_ROOT/doc/format/experiment.md" >"$scratch/shown"
{ echo 'return experiment {'; cat "$scratch/shown"; } >"$scratch/debian.lua"
before=$(stat -c '%Y %b' /var/cache/truce/images/debian/disk)
expect_exit 0 "$TRUCE" lab run "$scratch/debian.lua"
cat "$scratch/out" "$scratch/err"

python3 - "$TRUCE_LAB_DIR/debian-fio.sqlite" <<'END' || fail "what fio did is not what is counted"
import sqlite3
import sys

store = sqlite3.connect(sys.argv[1])
runs = store.execute("""select run.id, sum(operations), sum(bytes), max(at_nsec + length_nsec) from run
    join interval on interval.run = run.id join boot on boot.id = run.boot
    where boot.state = 'done' and run.state = 'done' group by run.id""").fetchall()
ended = [run for run in runs if run[3] < 59e9]
print(runs)
assert len(runs) == 2
assert all(operations <= 1024 for _, operations, _, _ in runs)
assert all(run[1:3] == (1024, 4194304) for run in ended)
if not ended:
    sys.exit("this machine is too busy: an emulated fio did not end within a minute")
END
expect_equal "what is written to the image" "$before" "$(stat -c '%Y %b' /var/cache/truce/images/debian/disk)"
[ -z "$(find "$TRUCE_SCRATCH" -mindepth 1)" ] || fail "files are left: $(find "$TRUCE_SCRATCH")"
