"""Ports and addresses for tests whose servers cannot choose their own."""

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
        if port in _given or not _is_ours(port):
            continue
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        _given.add(port)
        return port
    raise OSError(f"no port from {_FIRST} to {_LAST} is free")


@functools.cache
def own_network() -> str:
    """The first half of the addresses on this machine's loopback that only this process gives to its tasks."""
    for number in range(2, 250):
        if _is_ours(number):
            return f"127.{number}"
    raise OSError("no network from 127.2 to 127.249 is free")


def _is_ours(number: int) -> bool:
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
    except OSError:
        return False
    return True


@functools.cache
def _locks() -> int:
    """A file with one byte for each number; the system forgets this process's locks on them when it ends."""
    path = Path(tempfile.gettempdir(), f"lamplighter-test-ports-{os.geteuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
