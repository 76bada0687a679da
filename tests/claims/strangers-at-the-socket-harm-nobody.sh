#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Users without rights may ask and not change; one that sends garbage, half lines, very long ones
# or nothing, or floods, or never reads, keeps neither root's requests nor a tick waiting.
. "$SOURCE_ROOT/tests/claims/lib.sh"
. "$SOURCE_ROOT/tests/truced.sh"

need_program setpriv util-linux
truced_conf '[truced]' 'mode = enforce'
policy fourfold 400
chmod 755 "$scratch"
# Under AddressSanitizer what was freed is kept for a while: little of it, or it would be all that
# is measured below. A truced without it does not look at this.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
truced_start
vm_start 1
poll_until 30 all_weigh 400 || fail "the policy gave $(weights) and not 400"

cat >"$scratch/strange.py" <<'PYTHON'
import os, socket, sys, threading, time

path, seconds = sys.argv[1], float(sys.argv[2])
end = time.time() + seconds

def dial():
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(0.2)
    client.connect(path)
    return client

def flood(bytes_):
    while time.time() < end:
        try:
            client = dial()
            while time.time() < end:
                client.sendall(bytes_)
        except OSError:
            time.sleep(0.001)

ways = [b'{"do":"vms"}\n' * 50, os.urandom(4000), b'x' * 4000, b'{"do":\n', b'[' * 30000 + b'\n',
        b'{"do":"log.follow"}\n', b'']
threads = [threading.Thread(target=flood, args=(way or b'{',), daemon=True) for way in ways]
held = []
for thread in threads:
    thread.start()
for _ in range(60):
    try:
        held.append(dial())
    except OSError:
        pass
time.sleep(max(0, end - time.time()))
PYTHON
chmod 644 "$scratch/strange.py"
as_nobody() {
	# A python3 in root's own PATH may be one that nobody else can run.
	setpriv --reuid 65534 --regid 65534 --clear-groups env PATH=/usr/local/bin:/usr/bin:/bin "$@"
}

answer=$(as_nobody python3 -c '
import socket, sys
for line in sys.argv[2:]:
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    client.sendall(line.encode() + b"\n")
    print(client.makefile().readline(), end="")
' "$TRUCE_RUN_DIR/control.sock" '{"do":"status"}' '{"do":"pause","vm":"all"}' '{"do":"mode","mode":"observe"}')
expect_match "a question of nobody's" '^\{"ok":true,"schema"' "$answer"
expect_equal "changes refused to nobody" 2 "$(echo "$answer" | grep -c '"kind":"denied"')"

cpu() {
	awk '{ print $14 + $15 }' "/proc/$truced_pid/stat"
}
rss() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$truced_pid/status"
}
begun=$(cpu)
rss_begun=$(rss)
as_nobody python3 "$scratch/strange.py" "$TRUCE_RUN_DIR/control.sock" 8 &
strange_pid=$!
worst=$(python3 - "$TRUCE_RUN_DIR/control.sock" "$strange_pid" <<'PYTHON'
import json, os, socket, sys, time

worst = count = 0
while os.path.exists("/proc/" + sys.argv[2]) and count < 2000:
    begun = time.time()
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1]) # in its turn; with a timeout python does not queue
    client.settimeout(20)
    client.sendall(b'{"do":"status"}\n')
    answer = json.loads(client.makefile().readline())
    client.close()
    if not answer["ok"]:
        sys.exit("refused: " + answer["error"])
    worst = max(worst, time.time() - begun)
    count += 1
    with open("/proc/" + sys.argv[2] + "/stat") as stat:
        if stat.read().rpartition(")")[2].split()[0] == "Z":
            break
    time.sleep(0.01)
print(int(worst * 1000))
PYTHON
) || fail "root is not answered beside strangers"
wait "$strange_pid"
used=$((($(cpu) - begun) * 10))
echo "root's slowest request beside strangers took $worst ms; truced used $used ms of CPU in 8 s"
[ "$worst" -le 1000 ] || fail "root waited $worst ms"
expect_match "the mode" '"mode":"enforce","paused":false' "$(ask '{"do":"status"}')"
all_weigh 400 || fail "after the strangers: $(weights)"
grown=$(($(rss) - rss_begun))
echo "truced has grown by $grown kB from $rss_begun kB"
# What is begun and not ended of each client that it has at a time, and no more: how large a truced
# is by itself hangs on how it was built.
[ "$grown" -le 16384 ] || fail "truced has grown by $grown kB"
