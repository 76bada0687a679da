#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What page sharing would save is told of VMs that can and may be read: who opted out, ends meanwhile,
# never stands still or is out of reach is named with a sentence, and the rest is told. Files say what
# the memory said, and strange ones are refused.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_root
need_kvm
need_program python3 python3
[ -x "$TRUCE_LIBEXEC/truce-ksm" ] || skip "needs truce-ksm, which was not built"
[ -e /sys/kernel/mm/ksm/run ] || skip "needs a kernel with KSM"

mkdir "$scratch/conf"
export TRUCE_CONF_DIR="$scratch/conf"

# vm NAME ALIKE OWN ZERO [RESTLESS]: a VM of known memory; its pid in $pid.
vm() {
	: >"$scratch/ready"
	background "$SOURCE_ROOT/tests/claims/made_vm.py" "$@" >"$scratch/ready" 2>"$scratch/err"
	poll_until 30 grep -q ready "$scratch/ready" || skip "no VM of known memory: $(cat "$scratch/err")"
}
estimate() { "$TRUCE" ksm estimate --limit max "$@"; }
json() { python3 -c "import json, sys; d = json.load(open('$scratch/out')); print($1)"; }
validate() {
	"$SOURCE_ROOT/tools/check-schema" "$SOURCE_ROOT/doc/format/$1.schema.json" <"$scratch/out" \
		>"$scratch/said" || { [ $? -eq 77 ] || fail "$1: $(head -n 5 "$scratch/said")"; }
}

a=a-$$ b=b-$$ odd=$(printf 'odd\033[31m-%s' $$)
vm "$a" 1000 500 200
vm "$b" 1000 500 0

# What was put in: 1000 pages twice, 200 zeros once.
expect_exit 0 estimate --json --wait 100ms "$a" "$b"
validate ksm-estimate
expect_equal "pages saved" $((1000 + 199)) "$(json 'd["all"]["saved_bytes"] // 4096')"
expect_equal "the pair" 1000 "$(json 'd["pairs"][0]["saved_bytes"] // 4096')"
expect_match "who is named" "root.*$a, $b" "$(cat "$scratch/err")"
expect_exit 0 estimate --json --wait 0 --what-if "+$b" --what-if "-$a" "$a" "$b"
validate ksm-estimate
expect_equal "pages saved with b twice and no a" 1500 "$(json 'd["what_if"]["saved_bytes"] // 4096')"
expect_exit 0 estimate --json --wait 0 --group name --sample position:50% "$a" "$b"
validate ksm-estimate
expect_equal "groups" "['a', 'b']" "$(json '[g["name"] for g in d["groups"]]')"

# Files tell the same, and sketches where there is most of it.
(umask 077; head -c 192 /dev/urandom >"$scratch/key")
expect_exit 0 estimate --wait 0 --key "$scratch/key" --save "$scratch/prints" --sketch "$scratch/here" "$a" "$b"
expect_equal "the files' mode" "600 600" "$(stat -c %a "$scratch/prints" "$scratch/here" | xargs)"
expect_exit 0 "$TRUCE" ksm estimate --json --from "$scratch/prints"
validate ksm-estimate
expect_equal "pages saved by the file" 1199 "$(json 'd["all"]["saved_bytes"] // 4096')"
vm "other-$$" 0 800 0
expect_exit 0 estimate --wait 0 --key "$scratch/key" --sketch "$scratch/there" "other-$$"
expect_exit 0 "$TRUCE" ksm match --json "$scratch/here:$a" "$scratch/there" "$scratch/here"
validate ksm-match
expect_equal "the host that has most" here "$(json 'd["hosts"][0]["file"].split("/")[-1]')"
expect_equal "what it has, but for 2 %" True "$(json 'abs(d["hosts"][0]["common_bytes"] / 4096 - 1000) < 35')"
expect_equal "what the other has" True "$(json 'd["hosts"][1]["common_bytes"] < 35 * 4096')"

# Who opted out is not read.
printf '[vm %s]\nfingerprints = no\n' "b-*" >"$TRUCE_CONF_DIR/truce.conf"
expect_exit 0 estimate --json --wait 0 "$a" "$b"
expect_equal "who is told of" "['$a']" "$(json '[v["name"] for v in d["vms"]]')"
expect_equal "who opted out" "['$b']" "$(json '[v["name"] for v in d["unread"] if v["opted_out"]]')"
expect_match "the sentence" "$b is not told of: it opted out" "$(cat "$scratch/err")"
expect_exit 1 estimate --wait 0 "$b"
rm "$TRUCE_CONF_DIR/truce.conf"

# The system's log takes note, before anything is read: here a log of its own, in a /dev of its own.
cat >"$scratch/with_log" <<'END'
mkdir "$scratch/dev" && mount --bind /dev "$scratch/dev" && mount -t tmpfs log /dev || exit 77
touch /dev/null && mount --bind "$scratch/dev/null" /dev/null || exit 77
python3 - "$scratch/log" <<'PYTHON' &
import socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write(log.recv(4096).decode() + "\n")
PYTHON
for try in $(seq 100); do [ -S /dev/log ] && break; sleep 0.1; done
"$TRUCE" ksm estimate --json --wait 0 --limit max "$1"
status=$?
wait
exit "$status"
END
status=0
(export scratch; exec unshare -m sh "$scratch/with_log" "$a") >"$scratch/out" 2>"$scratch/err" || status=$?
if [ "$status" -ne 77 ]; then
	expect_equal "its exit code" 0 "$status"
	expect_match "the log" "<85>.*truce\[[0-9]*\]: ksm estimate: root \(uid 0\).* of VM $a \(" "$(cat "$scratch/log")"
	expect_equal "that it was logged" True "$(json 'd["audit"]["logged"]')"
fi

# Names are a stranger's.
vm "$odd" 10 10 10
expect_exit 0 estimate --wait 0 "$odd"
if grep -q "$(printf '\033')" "$scratch/out" "$scratch/err"; then fail "a name reaches the terminal"; fi

# A VM that never stands still.
vm "restless-$$" 100 0 0 2000
expect_exit 3 estimate --json --wait 1s "$a" "restless-$$"
expect_match "the sentence" "restless-$$: 9[0-9] % of its pages changed" "$(cat "$scratch/err")"
expect_equal "what it has that stays" 100 \
	"$(json '[p["saved_bytes"] // 4096 for p in d["pairs"]][0]')"

# A VM that ends while it is read, at 4 MB a second; a's 7 MB come first, or after it.
vm "short-$$" 3000 0 0
short=$pid
"$TRUCE" ksm estimate --json --wait 0 --limit 4MB/s "short-$$" "$a" >"$scratch/out" 2>"$scratch/err" &
reader=$!
is_reading() { grep -q 'has fingerprints made' "$scratch/err"; }
poll_until 20 is_reading || fail "nothing is read: $(cat "$scratch/err")"
kill "$short"
status=0
wait "$reader" || status=$?
expect_equal "its exit code" 3 "$status"
expect_match "the sentence" "short-$$ is not told of: it ended" "$(cat "$scratch/err")"
expect_equal "who is told of" "['$a']" "$(json '[v["name"] for v in d["vms"]]')"

# Interrupted: nothing is left.
"$TRUCE" ksm estimate --wait 60s --limit max --save "$scratch/half" "$a" >"$scratch/out" 2>"$scratch/err" &
reader=$!
poll_until 20 is_reading || fail "nothing is read: $(cat "$scratch/err")"
kill -TERM "$reader"
status=0
wait "$reader" || status=$?
expect_equal "its exit code" 1 "$status"
[ ! -e "$scratch/half" ] || fail "an interrupted estimate left a file"

# Out of reach.
if command -v setpriv >/dev/null; then
	chmod 755 "$scratch"
	expect_exit 1 setpriv --reuid 65534 --regid 65534 --clear-groups "$TRUCE" ksm estimate --wait 0 "$a"
	expect_match "the sentence" 'no VM|may not read' "$(cat "$scratch/err")"
	if grep -q . "$scratch/out"; then fail "something is told of memory that nobody could read"; fi
fi

# What cannot be.
chmod 644 "$scratch/key"
expect_exit 1 estimate --wait 0 --key "$scratch/key" "$a"
expect_match "the sentence" 'others may read the key' "$(cat "$scratch/err")"
expect_exit 0 estimate --wait 0 --save "$scratch/otherkey" "$a"
expect_exit 1 "$TRUCE" ksm estimate --from "$scratch/prints" --from "$scratch/otherkey"
expect_match "the sentence" 'another key' "$(cat "$scratch/err")"
head -c 5000 "$scratch/prints" >"$scratch/cut"
expect_exit 1 "$TRUCE" ksm estimate --from "$scratch/cut"
expect_match "the sentence" 'damaged, or cut off' "$(cat "$scratch/err")"
expect_exit 1 estimate "nobody-$$"
expect_exit 1 estimate --what-if "+nobody-$$" "$a"
for wrong in --sample=content:0 --sample=position:0% --limit=fast --group=colour; do
	expect_exit 2 "$TRUCE" ksm estimate "$wrong" "$a"
done
expect_exit 2 "$TRUCE" ksm estimate --sample position:5% --save "$scratch/no" "$a"
expect_exit 2 "$TRUCE" ksm match "$scratch/here"
