#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How many bytes a second of UDP arrive, of several senders at the same time.

    datagrams.py take SECONDS PORT...      listens there, and prints a whole number a port
    datagrams.py give SECONDS ADDRESS...   sends to each as much as to the others, some MB/s
"""
import selectors
import socket
import sys
import time

SIZE = 1400
PAUSE_SECONDS = 0.0005


def take(seconds, *ports):
    selector = selectors.DefaultSelector()
    received = [0] * len(ports)
    for i, port in enumerate(ports):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setblocking(False)
        receiver.bind(("", int(port)))
        selector.register(receiver, selectors.EVENT_READ, i)
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        for key, _ in selector.select(0.1):
            try:
                while block := key.fileobj.recv(65536):
                    received[key.data] += len(block)
                    if time.monotonic() >= begin + seconds:
                        break
            except BlockingIOError:
                pass
    passed = time.monotonic() - begin
    print(*(round(count / passed) for count in received))


def give(seconds, *addresses):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setblocking(False)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for address in addresses:
            try:
                sender.sendto(bytes(SIZE), (address, 9))
            except OSError:
                pass  # the queue is full
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    {"take": take, "give": give}[sys.argv[1]](float(sys.argv[2]), *sys.argv[3:])
