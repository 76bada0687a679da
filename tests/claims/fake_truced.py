#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A control socket that says what it is told to say: for claims about what verbs ask and print.

    fake_truced.py RUN_DIR ANSWERS LOG

ANSWERS is a JSON object: for each `do` (or `do KEY`, KEY being the request's vm, name or setting)
the answer; a list is the answer and the lines that follow it. Each request is a line of LOG.
"""
import json
import os
import socket
import sys
import threading


def answers_to(answers, request):
    for key in ("setting", "name", "vm"):
        if isinstance(request.get(key), str):
            found = answers.get(f'{request.get("do")} {request[key]}')
            if found is not None:
                return found
    return answers.get(request.get("do"),
                       {"ok": False, "kind": "invalid", "error": "the fake does not know that"})


def serve(connection, answers, log):
    try:
        converse(connection, answers, log)
    except ConnectionError:
        pass  # a client need not wait for its answer


def converse(connection, answers, log):
    with connection, connection.makefile("rw", encoding="utf-8") as stream:
        for line in stream:
            log.write(line)
            log.flush()
            found = answers_to(answers, json.loads(line))
            for answer in found if isinstance(found, list) else [found]:
                stream.write(json.dumps(answer) + "\n")
            stream.flush()
            if isinstance(found, list):
                return


def main():
    run_dir, answers_path, log_path = sys.argv[1:]
    with open(answers_path, encoding="utf-8") as file:
        answers = json.load(file)
    path = os.path.join(run_dir, "control.sock")
    with socket.socket(socket.AF_UNIX) as listener, open(log_path, "a", encoding="utf-8") as log:
        listener.bind(path + ".new")
        listener.listen(16)
        os.rename(path + ".new", path)  # it is there only once it listens
        while True:
            connection = listener.accept()[0]
            threading.Thread(target=serve, args=(connection, answers, log), daemon=True).start()


main()
