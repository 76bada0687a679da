#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An experiment on a user's own disk image: an ext4 that is made here of a shell, this machine's fio
# and truce-agent, started by the image's own /sbin/init. fio's operations and bytes in the store
# are those that it was told to do and those that it says itself, and not more than the guest's
# kernel saw; another program is counted by a rule.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_program qemu-system-x86_64 qemu-system-x86
need_program fio fio
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
export TRUCE_LAB_DIR="$scratch/lab" TRUCE_SCRATCH="$scratch/files"
mkdir "$TRUCE_SCRATCH"

# shellcheck source=tests/lab/image.sh
. "$SOURCE_ROOT/tests/lab/image.sh"
own_image_begin
own_program "$(command -v fio)"
own_image_end "$scratch/own.img"
before=$(sha256sum <"$scratch/own.img")

# --- fio does 1024 blocks at a known pace; what it says at its end is kept as a result, too
cat >"$scratch/fio.lua" <<'END'
return experiment {
	name = "own-fio", asks = "Does fio do what it was told?",
	vms = { image = "./own.img", memory = 256*MiB, accel = "tcg" },
	disk = "each",
	subject = { work = "command", read = "fio", run = "fio --name=x --filename=/data/f --size=8M "
		.. "--rw=randread --bs=4k --direct=1 --io_size=4M --rate_iops=500 --thread "
		.. "--output-format=json+ --status-interval=200ms" },
	boots = 1, warmup = 0*s, duration = 20*s,
}
END

# ask NAME SQL
ask() {
	python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
		"$TRUCE_LAB_DIR/$1.sqlite" "$2"
}
counted="from interval join run on run.id = interval.run join boot on boot.id = run.boot
	where boot.state = 'done' and run.state = 'done'"

expect_exit 0 "$TRUCE" lab run "$scratch/fio.lua"
cat "$scratch/out" "$scratch/err"
# A run whose last interval ends before its window does has seen fio's end.
per_run="select run, sum(operations) as operations, sum(bytes) as bytes,
	max(at_nsec + length_nsec) < 19000000000 as ended $counted group by run"
expect_equal "runs" 2 "$(ask own-fio "select count(*) from ($per_run)")"
[ "$(ask own-fio "select sum(ended) from ($per_run)")" -ge 1 ] ||
	skip "this machine is too busy: an emulated fio did not end within 20 s"
expect_equal "runs in which fio's operations or bytes are others than it was told to do" 0 \
	"$(ask own-fio "select count(*) from ($per_run) where operations > 1024 or
		(ended and (operations <> 1024 or bytes <> 4194304))")"
expect_equal "what fio says itself" 2 "$(ask own-fio "select count(*) from member join run
	on run.id = member.run join boot on boot.id = run.boot where boot.state = 'done' and
	results like '%fio_read_operations_per_second=%'")"
[ "$(ask own-fio "select count(*) $counted and operations > 0")" -ge 6 ] ||
	fail "fio was not counted as it went"
# The guest's kernel counts what it reads from its disks, in samples of each second.
seen=$(ask own-fio "select max(value) - min(value) from sample where source = 'guest1' and
	figure = 'disk_read_bytes'")
python3 -c 'import sys; sys.exit(not float(sys.argv[1]) >= 4194304)' "$seen" ||
	fail "the guest's kernel read $seen bytes only"
expect_equal "what is written to the image" "$before" "$(sha256sum <"$scratch/own.img")"

# --- another program, by a rule
cat >"$scratch/rule.lua" <<'END'
return experiment {
	name = "own-rule", asks = "How often does a loop in a shell turn?",
	vms = { image = "./own.img", memory = 256*MiB, accel = "tcg" },
	subject = { work = "command", read = "rule", rule = "+operations=^turn;;last=^turn ([0-9]+)",
		run = "i=0; while [ $i -lt 40 ]; do i=$((i + 1)); echo turn $i; busybox usleep 50000; done" },
	boots = 1, warmup = 0*s, duration = 8*s, measures = { "rate", "result:last" },
}
END
expect_exit 0 "$TRUCE" lab run "$scratch/rule.lua"
expect_equal "turns" 80 "$(ask own-rule "select sum(operations) $counted")"
expect_match "the last one" '^last=40$' "$(ask own-rule "select results from member limit 1")"

# --- a program that is not there costs its boots, with its own words
sed -e 's/own-fio/own-none/' -e 's/"fio --name/"fiddle --name/' "$scratch/fio.lua" >"$scratch/none.lua"
expect_exit 3 "$TRUCE" lab run "$scratch/none.lua"
expect_match "what is said of it" 'own-none-vm1: command: it ended with 127: .*fiddle.*not found' "$(cat "$scratch/err")"
[ -z "$(find "$TRUCE_SCRATCH" -mindepth 1)" ] || fail "files are left: $(find "$TRUCE_SCRATCH")"
