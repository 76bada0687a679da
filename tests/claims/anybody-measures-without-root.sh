#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A user who is not root measures CPUs in emulated VMs and in processes, with kernel, figures and
# report in his own directories; root measures in processes as well. What needs root is refused in
# one sentence before anything is made, and nothing of what ran is left.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_program qemu-system-x86_64 qemu-system-x86
need_program setpriv util-linux
need_program unshare util-linux
guest_up=$BUILD_ROOT/tests/lab/guest_up
[ -x "$guest_up" ] || skip "needs the program that starts guests, which was not built"
"$guest_up" "initramfs=$scratch/initramfs" >"$scratch/kernel" 2>"$scratch/why" ||
	skip "$(cat "$scratch/why")"
read -r kernel _ <"$scratch/kernel"
kernels=${kernel%/*/boot/*}
[ -d "$kernels/${kernel#"$kernels"/}" ] || [ -r "$kernel" ] || skip "needs a kernel in the cache"
user=$(id -u nobody 2>/dev/null) || skip "needs a user nobody"
setpriv --reuid="$user" test -x "$TRUCE" || skip "a user nobody may not run what was built here"

home=$scratch/home
mkdir -p "$home/.cache/truce/kernels" "$scratch/files"
chmod 755 "$scratch"
chown -R "$user" "$home" "$scratch/files"

# as_user COMMAND...: his own cache is the only one.
as_user() {
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount --bind "$1" "$2/.cache/truce/kernels" && mount -t tmpfs tmpfs /var/cache || exit 70
		user=$3 home=$2; shift 4
		exec setpriv --reuid="$user" --regid="$user" --clear-groups env -i PATH="$PATH" LC_ALL=C.UTF-8 \
			HOME="$home" TRUCE_LIBEXEC="$TRUCE_LIBEXEC" TRUCE_SCRATCH="$home/../files" "$@"' \
		sh "$kernels" "$home" "$user" -- "$@"
}

# spec NAME VMS [MORE]
spec() {
	cat >"$scratch/$1.lua" <<END
return experiment {
	name = "$1", asks = "Can anybody measure?", vms = { $2 },
	subject = { work = "cpu-integer" },
	vary = { { "loaded", 1, 2 } }, boots = 1, warmup = 0*s, duration = 1.5*s, proof = 60*s, ${3:-}
}
END
}

kept=$home/.local/share/truce/lab
spec users-vms 'count = 2, memory = 96*MiB, accel = "tcg"'
spec users-processes 'count = 2, kind = "process"'
for name in users-vms users-processes; do
	expect_exit 0 as_user "$TRUCE" lab run "$scratch/$name.lua"
	expect_match "where $name is kept" "kept in $kept/$name.sqlite" "$(cat "$scratch/out")"
	[ -s "$kept/$name-1/report.html" ] || fail "$name has no report: $(find "$kept")"
	expect_equal "runs of $name that count" 3 "$(/usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("select count(*) from run join boot on boot.id = run.boot where boot.state = '"'done'"' and run.state = '"'done'"'").fetchone()[0])' "$kept/$name.sqlite")"
done
as_user "$TRUCE" lab list >"$scratch/list" || fail "lab list"
expect_match "what is listed" users-vms "$(cat "$scratch/list")"

# refused NAME SENTENCE: nothing is made.
refused() {
	expect_exit 1 as_user "$TRUCE" lab run "$scratch/$1.lua"
	expect_equal "sentences" 1 "$(wc -l <"$scratch/err")"
	expect_match "the refusal of $1" "$2" "$(cat "$scratch/err")"
	[ -e "$kept/$1.sqlite" ] && fail "$1 was refused, and left a store"
}
spec net 'count = 2' 'net = "on",'
refused net 'a network between VMs needs root'
spec ksm 'count = 2' 'ksm = { pages = 200 },'
refused ksm 'to turn KSM needs root'
spec policy 'count = 2' 'policy = "./p.lua",'
refused policy 'a policy needs root'
spec hold 'count = 2' 'hold = { others = { ["cpu.quota"] = 0.5*cpu } },'
refused hold 'hold needs root'
spec box 'count = 2' 'where = "box",'
refused box 'a box needs root'

# Root, without a VM.
spec roots-processes 'count = 2, kind = "process"'
export TRUCE_LAB_DIR="$scratch/lab"
expect_exit 0 "$TRUCE" lab run "$scratch/roots-processes.lua"
expect_match "its platform" 'no VMs' "$(cat "$scratch/out")"

[ -z "$(find "$scratch/files" -mindepth 1)" ] || fail "files are left: $(find "$scratch/files")"
left=$(pgrep -u "$user" -f 'qemu-system|truce-agent' | wc -l)
expect_equal "processes of that user that are left" 0 "$left"
