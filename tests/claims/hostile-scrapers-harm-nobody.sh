#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Clients that say nothing, say it slowly, say too much or never listen do not keep others from
# their metrics, and the process that answers them has no right to lose.
. "$SOURCE_ROOT/tests/claims/lib.sh"

python=/usr/bin/python3
[ -x $python ] || skip "needs python3"
background "$TRUCE" export --listen 127.0.0.1:0 --interval 200ms 2>"$scratch/err"
exporter=$pid
poll_until 10 grep -q 'metrics at' "$scratch/err" || fail "$(cat "$scratch/err")"
port=$(sed -n 's/.*:\([0-9]*\)\/metrics/\1/p' "$scratch/err")

$python - "$port" <<'END' || fail "see above"
import socket, sys, time

port = int(sys.argv[1])

def connect():
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    return client

def ask(text):
    client = connect()
    try:
        client.sendall(text)
    except OSError:
        pass
    answer = b""
    try:
        while chunk := client.recv(65536):
            answer += chunk
    except OSError:
        pass
    return answer

def scrape():
    for _ in range(100):
        answer = ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        if b" 503 " not in answer[:20]:
            break
        time.sleep(0.05)
    head, body = answer.split(b"\r\n\r\n", 1)
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert head.startswith(b"HTTP/1.1 200 OK"), head
    assert length == len(body) and b"truce_host_" in body, (length, len(body))

def status(text):
    answer = ask(text)
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None

scrape()
assert status(b"GET / HTTP/1.1\r\n\r\n") == 404
assert status(b"GET /../../etc/passwd HTTP/1.1\r\n\r\n") == 404
assert status(b"POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd") == 405
assert status(b"\x00" * 100 + b"\r\n\r\n") == 400
assert status(b"GET /metrics HTTP/1.1\r\nA: " + b"a" * 100000) in (431, None)
assert ask(b"HEAD /metrics HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\n")

# Two hundred that connect and say nothing: the oldest make room.
silent = [connect() for _ in range(200)]
scrape()
# And those that begin and never end, one byte at a time.
for client in silent[-20:]:
    client.sendall(b"G")
scrape()
# Who asks and never listens has a full window and a deadline, and is in nobody's way.
deaf = []
for _ in range(40):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    deaf.append(client)
scrape()
for client in silent + deaf:
    client.close()
begin = time.monotonic()
for _ in range(50):
    scrape()
assert time.monotonic() - begin < 10
# Five seconds are enough for any request.
late = connect()
late.settimeout(10)
begin = time.monotonic()
assert late.recv(1) == b"" and 3 < time.monotonic() - begin < 9
END

# The one that answers: a child of the one that samples, without rights.
child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
[ -n "$child" ] || fail "there is no process of its own for the network"
state=$(cat "/proc/${child% }/status")
expect_match "capabilities" '^CapEff:[[:space:]]*0*$' "$state"
expect_match "no new privileges" '^NoNewPrivs:[[:space:]]*1$' "$state"
if [ "$(id -u)" -eq 0 ]; then
	expect_match "its user" '^Uid:[[:space:]]*[1-9][0-9]*[[:space:]]*[1-9][0-9]*[[:space:]]*[1-9]' "$state"
	expect_equal "its descriptors of files" "" \
		"$(ls -l "/proc/${child% }/fd" | grep -e ' /proc' -e ' /sys' -e kvm)"
fi
# One that is stopped keeps nobody from ending.
background "$TRUCE" export --listen 127.0.0.1:0 2>/dev/null
stopped() { kill -STOP "$(cat "/proc/$pid/task/$pid/children")"; }
poll_until 10 stopped 2>/dev/null || fail "the second exporter has no endpoint"
kill "$pid"
gone() { ! kill -0 "$pid" 2>/dev/null; }
poll_until 10 gone || fail "the exporter waits for an endpoint that is stopped"

pid=$exporter
kill -9 "${child% }"
poll_until 10 gone || fail "the exporter does not notice that its endpoint died"
expect_match "the last words" 'has ended' "$(cat "$scratch/err")"
