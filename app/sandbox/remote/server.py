"""The sandbox server: the first process of a container with Python 3.9 or later, bash and coreutils in it.

    python3 -I -S -B DIRECTORY        (made by `infra/closure.py`, see infra/sandbox.Dockerfile)

It takes one connection from whoever proves to know the run's key (LAMPLIGHTER_SANDBOX_KEY_SHA256 commits to it), does
what it is asked, and ends with that connection; with the first process of a container everything in it ends.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import sys
import threading
import time

from app.sandbox.remote.container import PLACE
from app.sandbox.remote.first_process import require_first_process
from app.sandbox.remote.frames import PORT, BrokenChannel, Channel, greet
from app.sandbox.remote.session import Session

COMMITMENT = "LAMPLIGHTER_SANDBOX_KEY_SHA256"
FIRST_WORD_SECONDS = 900.0  # a worker that has not come by then never will
LIFETIME_SECONDS = 24 * 3600.0  # nothing runs indefinitely
PR_SET_DUMPABLE = 4


def main() -> None:
    commitment = os.environ.pop(COMMITMENT, "")
    if not re.fullmatch("[0-9a-f]{64}", commitment):
        sys.exit(f"{COMMITMENT} must hold the SHA-256 of the channel's key")
    require_first_process()
    harden()
    listener = listening()
    threading.Thread(target=end_in_time, name="lifetime", daemon=True).start()
    channel = admit(listener, commitment)
    listener.close()  # from here on nobody else is listened to
    Session(channel, PLACE).serve()
    os._exit(0)


def harden() -> None:
    """Out of reach of commands that will have our uid: memory and descriptors shut, no signal handler of Python's."""
    if ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        sys.exit("the server cannot shut its memory to others")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o022)
    os.chdir("/")


admitted = threading.Event()


def end_in_time() -> None:
    """Unless a worker has come, and after a day whoever came."""
    started = time.monotonic()
    while time.monotonic() - started < (LIFETIME_SECONDS if admitted.is_set() else FIRST_WORD_SECONDS):
        time.sleep(1)
    os._exit(4)


def listening() -> socket.socket:
    """Our port, or the socket that whoever started us listens on already (LISTEN_FDS as systemd passes it)."""
    if os.environ.pop("LISTEN_FDS", "") == "1":
        return socket.socket(fileno=3)
    return socket.create_server(("", PORT), backlog=8)


def admit(listener: socket.socket, commitment: str) -> Channel:
    """Wait for the one who knows the key; others are hung up on, one at a time and after ten seconds at most."""
    while True:
        sock, _address = listener.accept()
        try:
            channel = greet(sock, commitment)
        except BrokenChannel:
            sock.close()
            continue
        admitted.set()
        return channel


if __name__ == "__main__":
    main()
