"""HTTP and TLS, as little of them as the egress proxy needs: heads, bodies of a known length, the name in a hello."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable

from app.sandbox.client_hello import Incomplete, server_name
from app.sandbox.egress_policy import Target

HEAD_BYTES = 64 * 1024  # of one request's head, or of a TLS hello
IDLE_SECONDS = 300.0
CHUNK = 1 << 16
_LINGER_SECONDS = 1.0
UNBOUNDED = 1 << 62  # of a tunnel
UNRECOGNIZED_NAME = bytes((21, 3, 3, 0, 2, 2, 112))  # a fatal alert of TLS (RFC 8446, 6.2)
HANDSHAKE = 22  # the first byte of a TLS connection


def read_head(client: socket.socket, data: bytes = b"") -> tuple[bytes, bytes]:
    """The head of a request that begins with `data`, and what came behind it; empty when it does not end."""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(CHUNK)
        if not chunk or len(data) > HEAD_BYTES:
            return b"", b""
        data += chunk
    head, _end, rest = data.partition(b"\r\n\r\n")
    return head, rest


def rewrite(target: Target, lines: list[bytes]) -> bytes:
    """The head for the host itself: one request a connection, and the Host header is the one that was checked."""
    dropped = (b"host", b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive", b"upgrade")
    kept = [line for line in lines[1:] if line.partition(b":")[0].strip().lower() not in dropped]
    port = "" if target.port == 80 else f":{target.port}"
    first = f"{target.method} {target.path} HTTP/1.1\r\nHost: {target.host}{port}\r\nConnection: close".encode("ascii")
    return b"\r\n".join([first, *kept]) + b"\r\n\r\n"


def body_length(lines: list[bytes]) -> int | None:
    """How many bytes of body follow the head; None when that could be read in two ways.

    Nothing beyond them is passed on: a second request on the same connection would be neither checked nor told.
    """
    lengths: set[bytes] = set()
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or name != name.strip() or any(byte in line for byte in b"\r\n\0"):
            return None
        if name.lower() == b"transfer-encoding":
            return None
        if name.lower() == b"content-length":
            lengths.add(value.strip())
    if len(lengths) > 1 or not all(length.isdigit() and len(length) < 16 for length in lengths):
        return None
    return int(next(iter(lengths), b"0"))


def read_hello(client: socket.socket, data: bytes) -> tuple[str, bytes]:
    """The server name a TLS hello that begins with `data` asks for ("" without one), and all that came so far.

    Raises ValueError for what is no hello.
    """
    while True:
        try:
            return server_name(data), data
        except Incomplete:
            chunk = client.recv(CHUNK) if len(data) <= HEAD_BYTES else b""
            if not chunk:
                raise ValueError("the TLS hello does not end") from None
            data += chunk


def _came(upstream: socket.socket) -> tuple[bytes, str]:
    """What came next, and what broke; nothing of either at the end."""
    try:
        return upstream.recv(CHUNK), ""
    except OSError as error:
        return b"", str(error)


def relay(
    client: socket.socket, upstream: socket.socket, first: bytes, length: int, may_send: Callable[[int], bool]
) -> tuple[int, int, str]:
    """Bytes both ways until both sides are done, at most `length` up; returns how many came, how many went up, and what
    broke on the way from `upstream` ("" when it came to its end).

    `may_send` is asked before each piece goes up; both sides are cut when it says no.
    """
    sent = 0

    def upload() -> None:
        nonlocal sent
        left, data = length, first
        try:
            while True:
                piece = data[:left]
                if piece and not may_send(len(piece)):
                    shut(upstream)
                    return
                upstream.sendall(piece)
                sent += len(piece)
                left -= len(piece)
                data = client.recv(CHUNK) if left else b""
                if not data:
                    break
            if length == UNBOUNDED:
                upstream.shutdown(socket.SHUT_WR)
        except OSError:
            shut(upstream)

    sender = threading.Thread(target=upload, name="egress-up", daemon=True)
    upstream.settimeout(IDLE_SECONDS)
    sender.start()
    received = 0
    data, broken = _came(upstream)
    try:
        while data:
            received += len(data)
            client.sendall(data)
            data, broken = _came(upstream)
        client.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the client hung up
    shut(client)
    sender.join(IDLE_SECONDS)
    return received, sent, broken


def answer(client: socket.socket, status: int, phrase: str, text: str) -> None:
    """The sentence is in the status line too: package managers show only that."""
    body = text.encode() + b"\n"
    phrase = (phrase or http.client.responses[status]).encode("ascii", "replace").decode()
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    client.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)


def hang_up(client: socket.socket) -> None:
    """End a connection so that the answer arrives: one closed over unread bytes is reset, and the reset overtakes what
    was answered (RFC 9112, 9.6). What still comes is thrown away, for a moment.
    """
    end = time.monotonic() + _LINGER_SECONDS
    try:
        client.shutdown(socket.SHUT_WR)
        while (left := end - time.monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(CHUNK):
                return
    except OSError:
        pass


def shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
