"""What keepers use of `json`, `signal` and `socket`: the parts in C, without the enumerations and patterns around them.

With those modules a nursery takes three times as long to start as Python does, and every sandbox waits for one.
"""

from __future__ import annotations

import sys
from _json import encode_basestring_ascii, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself takes a sixth of the start
    import signal
    import socket
    from typing import Any
else:
    import _signal as signal
    import _socket as socket

__all__ = ["receive", "send", "signal", "socket"]
MAX_DATAGRAM = 256 * 1024  # an order is a few KB and a command, which the harness limits to 120 KB
MAX_FDS = 16
_INT_BYTES = 4


class _Plain:
    """As `json.loads` reads by default."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float


_scan = make_scanner(_Plain)  # type: ignore[arg-type] # whatever has these attributes will do


def send(sock: socket.socket, message: dict[str, int | str | None], fd: int | None = None) -> None:
    """One JSON datagram, with a descriptor. Raises OSError."""
    text = ",".join(f"{encode_basestring_ascii(name)}:{_encoded(value)}" for name, value in message.items())
    rights = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fd.to_bytes(_INT_BYTES, sys.byteorder))]
    sock.sendmsg([b"{%b}" % text.encode()], rights)


def _encoded(value: int | str | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return encode_basestring_ascii(value) if isinstance(value, str) else str(value)


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """One JSON datagram and its descriptors; None at the end of the stream."""
    data, more, _flags, _address = sock.recvmsg(MAX_DATAGRAM, socket.CMSG_SPACE(MAX_FDS * _INT_BYTES))
    fds: list[int] = []
    for level, kind, content in more:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds += memoryview(content[: len(content) // _INT_BYTES * _INT_BYTES]).cast("i")
    return (_scan(data.decode(), 0)[0], fds) if data else None
