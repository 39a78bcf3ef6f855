"""The server name a TLS client asks for, read from the first bytes of its connection (RFC 8446, RFC 6066). Pure."""

from __future__ import annotations

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
_RECORD_HEAD, _MESSAGE_HEAD = 5, 4
_FIXED = 2 + 32  # version and random
_LONGEST_RECORD = 2**14 + 256


class Incomplete(Exception):
    """More bytes have to come before anything can be said."""


class _Bytes:
    """Reads fields one after another; a field that is not there is a ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise ValueError("a field of the TLS hello is cut short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, length_size: int) -> _Bytes:
        return _Bytes(self.take(self.number(length_size)))

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._data)


def server_name(data: bytes) -> str:
    """The name in lower case, "" where the hello has none. Raises Incomplete, ValueError for what is no hello."""
    hello = _Bytes(_message(data))
    hello.take(_FIXED)
    hello.vector(1)  # session
    hello.vector(2)  # cipher suites
    hello.vector(1)  # compression
    if hello.is_at_end:
        return ""
    extensions = hello.vector(2)
    while not extensions.is_at_end:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            names = content.vector(2)
            if names.number(1) != _HOST_NAME:
                raise ValueError("the TLS hello names something that is no host")
            name = names.vector(2)
            if not names.is_at_end:
                raise ValueError("the TLS hello names more than one host")
            return name.rest().decode("ascii").lower().rstrip(".")
    return ""


def _message(data: bytes) -> bytes:
    """The hello, put together from its records."""
    message = b""
    at = 0
    while True:
        if len(data) < at + _RECORD_HEAD:
            raise Incomplete
        kind, major, length = data[at], data[at + 1], int.from_bytes(data[at + 3 : at + 5], "big")
        if kind != _HANDSHAKE or major != 3 or not 0 < length <= _LONGEST_RECORD:
            raise ValueError("no TLS record with a handshake")
        if len(data) < at + _RECORD_HEAD + length:
            raise Incomplete
        at += _RECORD_HEAD
        message += data[at : at + length]
        at += length
        if len(message) >= _MESSAGE_HEAD:
            if message[0] != _CLIENT_HELLO:
                raise ValueError("no TLS hello")
            end = _MESSAGE_HEAD + int.from_bytes(message[1:4], "big")
            if len(message) >= end:
                return message[_MESSAGE_HEAD:end]
