"""Knocking and answering, by name: `tcp:HOST:PORT` and `udp:HOST:PORT`. Standard library only: it also runs inside.

probe.py serve NAME…      answer there until killed (at most ten minutes)
probe.py knock NAME…      print those that answered
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

WORD = b"here"
SECONDS = 2.0


def _serve(kind: str, host: str, port: int) -> None:
    if kind == "tcp":
        listener = socket.create_server((host, port))
        while True:
            client, _address = listener.accept()
            with client:
                client.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n" + WORD)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((host, port))
    while True:
        _data, sender = datagrams.recvfrom(2048)
        datagrams.sendto(WORD, sender)


def knock(name: str) -> str:
    """ "answered", "connected" (hung up on without a word), or ""."""
    kind, host, port = name.split(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as sock:
            sock.settimeout(SECONDS)
            sock.connect((host, int(port)))
            state = "connected" if kind == "tcp" else ""
            try:
                sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return "answered" if sock.recv(100) else state
            except OSError:
                return state
    except OSError:
        return ""


def main(what: str, names: list[str]) -> None:
    if what == "knock":
        with ThreadPoolExecutor(len(names)) as pool:
            print(*(f"{name}={state}" for name, state in zip(names, pool.map(knock, names), strict=True) if state))
        return
    signal.alarm(600)
    for name in names:
        kind, host, port = name.split(":")
        threading.Thread(target=_serve, args=(kind, host, int(port)), daemon=True).start()
    while not all(knock(name) for name in names):
        pass
    print("listening", flush=True)
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
