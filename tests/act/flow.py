#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How many bytes a second flow through TCP connections, all at the same time.

    flow.py take SECONDS ADDRESS:PORT...   listens there; whoever connects sends
    flow.py give SECONDS ADDRESS:PORT...   connects there and sends

prints one whole number a place, bytes a second over SECONDS, once all flow and after two seconds
more, in which buffers fill. Exits with 1 where a place does not flow within a minute.

    FLOW_RATE=BYTES     what is given is no more than this a second to each place
"""
import os
import socket
import sys
import threading
import time

WARM_SECONDS = 2
PATIENCE_SECONDS = 60
BLOCK = 1 << 16
RATE = int(os.environ.get("FLOW_RATE", 0))
PIECES = 20  # a second, where a rate is kept


class Place:
    def __init__(self, text):
        host, port = text.rsplit(":", 1)
        self.address = (host, int(port))
        self.bytes = 0


def take(place):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(place.address)
    listener.listen()
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                while block := connection.recv(BLOCK):
                    place.bytes += len(block)
            except OSError:
                pass


def give(place):
    while True:
        try:
            with socket.create_connection(place.address, timeout=5) as connection:
                # Little is kept here, so that what was sent has left.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)
                while True:
                    place.bytes += connection.send(bytes(RATE // PIECES or BLOCK))
                    time.sleep(1 / PIECES if RATE else 0)
        except OSError:
            time.sleep(0.1)


def main(verb, seconds, *texts):
    places = [Place(text) for text in texts]
    for place in places:
        threading.Thread(target={"take": take, "give": give}[verb], args=(place,),
                         daemon=True).start()
    end = time.monotonic() + PATIENCE_SECONDS
    while not all(place.bytes > 0 for place in places):
        if time.monotonic() > end:
            return 1
        time.sleep(0.02)
    time.sleep(WARM_SECONDS)
    before = [place.bytes for place in places]
    begin = time.monotonic()
    time.sleep(float(seconds))
    passed = time.monotonic() - begin
    print(*(round((place.bytes - b) / passed) for place, b in zip(places, before)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
