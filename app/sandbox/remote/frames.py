"""The channel: numbered, authenticated frames over one TCP connection, with a key of the run's own.

The container's environment holds only the SHA-256 of the key (whoever may describe a task can read that); the worker
proves itself by the key. From it and a nonce of each side come two keys, one per direction. A frame is a JSON head and
a body of bytes; it counts up, so that none can be left out, repeated or sent back. Nothing is encrypted: the network
between the two tasks is the operator's own, and what passes is what the sandbox may see anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any

PORT = 7420
GREETING = b"LAMPLIGHTER-SANDBOX/1\n"
KEY_BYTES = NONCE_BYTES = MAC_BYTES = 32
HELLO_SECONDS = 10.0
MAX_HEAD = 256 * 2**20  # a manifest of a million names
MAX_BODY = 68 * 2**20  # the biggest file that may be read is 64 MiB
BEAT_SECONDS = 5.0
SILENCE_SECONDS = 60.0  # without a word from the other side it is taken for dead
_LENGTHS = struct.Struct(">II")
_NUMBER = struct.Struct(">Q")


class BrokenChannel(Exception):
    """The connection ended, or what came over it is not the other side's."""


class Channel:
    """One end. `send` from any thread, `receive` from one."""

    def __init__(self, sock: socket.socket, *, sending: bytes, receiving: bytes) -> None:
        self._sock = sock
        self._sending, self._receiving = sending, receiving
        self._sent = self._received = 0
        self._lock = threading.Lock()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def peer(self) -> str:
        """The other side's address."""
        return str(self._sock.getpeername()[0])

    def send(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        """Raises BrokenChannel."""
        text = json.dumps(head, separators=(",", ":")).encode("ascii")
        lengths = _LENGTHS.pack(len(text), len(body))
        with self._lock:
            mac = _mac(self._sending, self._sent, lengths, text, body)
            self._sent += 1
            try:
                self._sock.sendall(lengths + mac + text)
                if body:
                    self._sock.sendall(body)
            except OSError as error:
                raise BrokenChannel(f"the connection is gone: {error}") from error

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next frame. Raises BrokenChannel."""
        start = exactly(self._sock, _LENGTHS.size + MAC_BYTES)
        lengths, mac = start[: _LENGTHS.size], start[_LENGTHS.size :]
        head_bytes, body_bytes = _LENGTHS.unpack(lengths)
        if head_bytes > MAX_HEAD or body_bytes > MAX_BODY:
            raise BrokenChannel(f"a frame of {head_bytes} and {body_bytes} bytes is too big")
        text, body = exactly(self._sock, head_bytes), exactly(self._sock, body_bytes)
        if not hmac.compare_digest(mac, _mac(self._receiving, self._received, lengths, text, body)):
            raise BrokenChannel("a frame is not the other side's")
        self._received += 1
        try:
            head = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BrokenChannel("a frame is not JSON") from error
        if not isinstance(head, dict):
            raise BrokenChannel("a frame's head is not an object")
        return head, body

    def close(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()


def _mac(key: bytes, number: int, *parts: bytes) -> bytes:
    mac = hmac.new(key, _NUMBER.pack(number), hashlib.sha256)
    for part in parts:
        mac.update(part)
    return mac.digest()


def exactly(sock: socket.socket, count: int) -> bytes:
    """So many bytes. Raises BrokenChannel."""
    data = bytearray(count)
    view, got = memoryview(data), 0
    try:
        while got < count:
            size = sock.recv_into(view[got:])
            if not size:
                raise BrokenChannel("the other side hung up")
            got += size
    except OSError as error:
        raise BrokenChannel(f"the connection is gone: {error}") from error
    return bytes(data)


# ---------------------------------------------------------------- the first words


def new_key() -> tuple[bytes, str]:
    """(key, the hex digest that commits to it)."""
    key = secrets.token_bytes(KEY_BYTES)
    return key, hashlib.sha256(key).hexdigest()


def greet(sock: socket.socket, commitment: str) -> Channel:
    """The container's side: take only who knows the key. Raises BrokenChannel."""
    sock.settimeout(HELLO_SECONDS)
    nonce = secrets.token_bytes(NONCE_BYTES)
    try:
        sock.sendall(GREETING + nonce)
    except OSError as error:
        raise BrokenChannel(str(error)) from error
    answer = exactly(sock, KEY_BYTES + NONCE_BYTES)
    key, theirs = answer[:KEY_BYTES], answer[KEY_BYTES:]
    if not hmac.compare_digest(hashlib.sha256(key).hexdigest(), commitment):
        raise BrokenChannel("not this sandbox's key")
    sock.settimeout(None)
    return Channel(
        sock, sending=_derive(key, b"sandbox", nonce, theirs), receiving=_derive(key, b"worker", nonce, theirs)
    )


def prove(sock: socket.socket, key: bytes) -> Channel:
    """The worker's side. Raises BrokenChannel."""
    sock.settimeout(HELLO_SECONDS)
    if exactly(sock, len(GREETING)) != GREETING:
        raise BrokenChannel("no sandbox server of this version answers there")
    theirs, nonce = exactly(sock, NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
    try:
        sock.sendall(key + nonce)
    except OSError as error:
        raise BrokenChannel(str(error)) from error
    sock.settimeout(None)
    return Channel(
        sock, sending=_derive(key, b"worker", theirs, nonce), receiving=_derive(key, b"sandbox", theirs, nonce)
    )


def _derive(key: bytes, direction: bytes, *nonces: bytes) -> bytes:
    return hmac.new(key, direction + b"".join(nonces), hashlib.sha256).digest()
