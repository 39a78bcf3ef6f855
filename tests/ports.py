"""Ports for tests whose servers cannot choose their own."""

from __future__ import annotations

import fcntl
import functools
import os
import socket
import tempfile
from pathlib import Path

_FIRST, _LAST = 20_000, 32_000  # below what Linux hands out by itself for outgoing connections (32768 and up)
_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on and no other test gets, in this process or beside it.

    Raises OSError when there is none.
    """
    for port in range(_FIRST, _LAST):
        if port in _given:
            continue
        try:
            fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        _given.add(port)
        return port
    raise OSError(f"no port from {_FIRST} to {_LAST} is free")


@functools.cache
def _locks() -> int:
    """A file with one byte for each port; the system forgets this process's locks on them when it ends."""
    path = Path(tempfile.gettempdir(), f"lamplighter-test-ports-{os.geteuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
