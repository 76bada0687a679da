#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A mistyped experiment is told with line, column and what was meant, all mistakes at once; one that
# this machine cannot run, with what is missing; --dry-run says what would be run and how long it
# takes. In none of these cases anything is written. A policy, an image and a kernel are looked at before
# the first boot: what they cannot be (a pipe, a policy with a mistake) is told once.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

export TRUCE_LAB_DIR="$scratch/lab"

nothing_is_made() {
	[ ! -e "$TRUCE_LAB_DIR" ] || fail "$1 made $(find "$TRUCE_LAB_DIR")"
}

cat >"$scratch/wrong.lua" <<'END'
return experiment {
	name = "wrong", asks = "Is it told?",
	vms = { cuont = 2, memory = 256 },
	subject = { work = "cpu-integr" },
}
END
expect_exit 1 "$TRUCE" lab run "$scratch/wrong.lua"
expect_match 'the mistyped entry' "wrong.lua:3:10: .*vms.cuont.*did you mean \"vms.count\"" \
	"$(cat "$scratch/err")"
expect_match 'the missing unit' "wrong.lua:3:21: vms.memory is a size, as 256\*MiB" \
	"$(cat "$scratch/err")"
expect_match 'the mistyped workload' "wrong.lua:4:14: .*did you mean cpu-integer" \
	"$(cat "$scratch/err")"
nothing_is_made "a wrong experiment"

cat >"$scratch/huge.lua" <<'END'
return experiment {
	name = "huge", asks = "Does it fit?",
	vms = { count = 64, memory = 1000*GiB },
	subject = { work = "cpu-integer" },
}
END
expect_exit 1 "$TRUCE" lab run "$scratch/huge.lua"
expect_match 'what is missing' '64 VMs of 1024000 MiB need .* MiB of memory.*, here are' \
	"$(cat "$scratch/err")"

expect_exit 1 "$TRUCE" lab run "$scratch/nowhere.lua"
expect_match 'the file that is not there' 'nowhere.lua: No such file' "$(cat "$scratch/err")"
expect_exit 1 "$TRUCE" lab run --seed -3 "$SOURCE_ROOT/experiments/aa.lua"
expect_match 'the seed' "seed takes a number" "$(cat "$scratch/err")"

for experiment in "$SOURCE_ROOT"/experiments/*.lua; do
	for form in '' --quick; do
		# Without root some say that they need it.
		"$TRUCE" lab run $form -n "$experiment" >"$scratch/out" 2>"$scratch/err" ||
			grep -q 'needs root\|need .* MiB' "$scratch/err" ||
			fail "$experiment $form: $(cat "$scratch/err")"
		[ -s "$scratch/err" ] || expect_match 'the time' '^  time  *(about|at most) [0-9]' \
			"$(cat "$scratch/out")"
	done
done
expect_exit 0 "$TRUCE" lab run -n --seed 7 "$SOURCE_ROOT/experiments/isolation-cpu.lua"
cp "$scratch/out" "$scratch/first"
expect_exit 0 "$TRUCE" lab run -n --seed 7 "$SOURCE_ROOT/experiments/isolation-cpu.lua"
cmp "$scratch/first" "$scratch/out" || fail "the same seed gave another plan"
nothing_is_made "--dry-run"

mkfifo "$scratch/pipe"
echo 'policy { name = "x", ' >"$scratch/policy.lua"
mkdir "$scratch/files"
export TRUCE_SCRATCH="$scratch/files"

# wrong_from_the_start WHAT ENTRY SENTENCE
wrong_from_the_start() {
	cat >"$scratch/from-the-start.lua" <<END
return experiment {
	name = "from-the-start", asks = "Is it told at once?", boots = 2,
	subject = { work = "cpu-integer" }, warmup = 0*s, duration = 0.2*s, interval = 50*ms, $2,
}
END
	expect_exit 1 timeout 20 "$TRUCE" lab run "$scratch/from-the-start.lua"
	expect_match "$1" "$3" "$(cat "$scratch/err")"
	expect_equal "how often $1 is told" 1 "$(grep -c . "$scratch/err")"
}

wrong_from_the_start 'a kernel that is a pipe' 'vms = { kernel = "./pipe" }' 'pipe is no regular file'
wrong_from_the_start 'an image that is a pipe' 'vms = { image = "./pipe" }' 'is neither a file nor a disk'
if [ "$(id -u)" -eq 0 ]; then
	wrong_from_the_start 'a policy that is a pipe' 'policy = "pipe"' 'pipe: is no regular file'
	wrong_from_the_start 'a policy with a mistake' 'policy = "policy.lua"' 'policy.lua:2: unexpected symbol'
fi
