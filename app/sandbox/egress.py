"""The only way out: an HTTP proxy on the harness's side with an allow-list, used while a command has `network=True`.

CONNECT for TLS (never opened), plain HTTP for the rest. Names are resolved here and nowhere else; the address that was
checked is the address connected to, so a name cannot change its meaning in between.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable

from app.sandbox.egress_policy import Blocked, Network, Policy, Target, is_reachable, parse
from app.sandbox_port import Egress, EgressRequest

__all__ = ["EgressProxy"]

HEAD_BYTES = 64 * 1024  # of one request's head
CONNECTIONS = 128  # at once; package managers use a few dozen
CONNECT_SECONDS = 20.0
IDLE_SECONDS = 300.0
CHUNK = 1 << 16
UNBOUNDED = 1 << 62  # of a tunnel

Resolve = Callable[[str], list[str]]  # name → addresses
Admit = Callable[[tuple[str, int]], bool]
Connect = Callable[[str, int], socket.socket]  # address, port → connected socket


def resolve(host: str) -> list[str]:
    """Addresses of a name, in the system's order. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def connect(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), CONNECT_SECONDS)


class EgressProxy:
    """Serves listeners until closed. `on_request` is called once per request, never by two threads at a time.

    `networks` are those of the operator's own mirrors: hosts that are allowed may be there besides the open internet.
    """

    def __init__(
        self,
        egress: Egress,
        on_request: Callable[[EgressRequest], None],
        *,
        networks: tuple[Network, ...] = (),
        resolve: Resolve = resolve,
        connect: Connect = connect,
    ) -> None:
        self._policy = Policy(egress)
        self._on_request = on_request
        self._networks = networks
        self._resolve, self._connect = resolve, connect
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._places = threading.Semaphore(CONNECTIONS)
        self._closed = False
        self._is_ours: Admit = lambda _address: True

    def serve(self, listener: socket.socket, is_ours: Admit = lambda _address: True) -> None:
        """Accept on `listener` (taken over) in the background; connections that are not ours are hung up on."""
        self._is_ours = is_ours
        self._keep(listener)
        self._spawn(self._accept, listener)

    def take(self, client: socket.socket) -> None:
        """Serve one connection, taken over, in the background."""
        self._places.acquire()
        self._keep(client)
        self._spawn(self._client, client)

    def close(self) -> None:
        """Cut every connection and wait for the last report."""
        with self._lock:
            self._closed = True
            for sock in self._open:
                _shut(sock)
        for thread in list(self._threads):
            thread.join(CONNECT_SECONDS + 5)

    # ------------------------------------------------------------ connections

    def _spawn(self, work: Callable[[socket.socket], None], sock: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(sock,), name="egress", daemon=True)
        with self._lock:
            self._threads = [known for known in self._threads if known.is_alive() or known.ident is None]
            self._threads.append(thread)
        thread.start()

    def _keep(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.add(sock)
            if self._closed:
                _shut(sock)

    def _drop(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.discard(sock)
            sock.close()

    def _accept(self, listener: socket.socket) -> None:
        try:
            while not self._closed:
                client, _address = listener.accept()
                self.take(client)
        except OSError:
            pass  # shut by close
        finally:
            self._drop(listener)

    def _client(self, client: socket.socket) -> None:
        try:
            if not self._is_ours(client.getpeername()[:2]):
                return
            client.settimeout(IDLE_SECONDS)
            head, rest = _read_head(client)
            if head:
                self._request(client, head, rest)
        except OSError:
            pass  # one side hung up
        finally:
            self._drop(client)
            self._places.release()

    def _request(self, client: socket.socket, head: bytes, rest: bytes) -> None:
        lines = head.split(b"\r\n")
        target = parse(lines[0])
        length = body_length(lines)
        if target is None or length is None:
            _answer(client, 400, "Bad Request", "This proxy takes CONNECT and absolute http:// addresses.")
            return
        try:
            self._policy.check(target)
            upstream = self._reach(target)
        except Blocked as reason:
            self._report(target, allowed=False, reason=str(reason))
            _answer(client, 403, f"Blocked by Lamplighter: {reason}", f"Blocked by Lamplighter: {reason}.")
            return
        except OSError as error:
            self._report(target, allowed=True, reason=f"not reachable: {error}")
            _answer(client, 502, "Bad Gateway", f"{target.host} could not be reached.")
            return
        received = 0
        try:
            self._keep(upstream)
            if target.method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                length = UNBOUNDED
            else:
                upstream.sendall(rewrite(target, lines))
            received = relay(client, upstream, rest, length)
        finally:
            self._drop(upstream)
            self._report(target, allowed=True, size_bytes=received)

    def _reach(self, target: Target) -> socket.socket:
        """Connect to an address that was checked. Raises Blocked when the name stands for a private one."""
        addresses = self._resolve(target.host)
        if not addresses or not all(is_reachable(address, self._networks) for address in addresses):
            raise Blocked(f"{target.host} resolves to an address that is not public")
        last: OSError = OSError("no address")
        for address in addresses[:4]:
            try:
                return self._connect(address, target.port)
            except OSError as error:
                last = error
        raise last

    def _report(self, target: Target, *, allowed: bool, reason: str = "", size_bytes: int = 0) -> None:
        request = EgressRequest(
            host=target.host,
            port=target.port,
            method=target.method,
            allowed=allowed,
            reason=reason,
            size_bytes=size_bytes,
        )
        with self._lock:
            self._on_request(request)


# ---------------------------------------------------------------- HTTP, as little of it as a proxy needs


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
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


def relay(client: socket.socket, upstream: socket.socket, first: bytes, length: int) -> int:
    """Bytes both ways until both sides are done, at most `length` up; returns how many came from `upstream`."""

    def upload() -> None:
        left, data = length, first
        try:
            while True:
                upstream.sendall(data[:left])
                left -= len(data[:left])
                data = client.recv(CHUNK) if left else b""
                if not data:
                    break
            if length == UNBOUNDED:
                upstream.shutdown(socket.SHUT_WR)
        except OSError:
            _shut(upstream)

    sender = threading.Thread(target=upload, name="egress-up", daemon=True)
    upstream.settimeout(IDLE_SECONDS)
    sender.start()
    received = 0
    try:
        while data := upstream.recv(CHUNK):
            received += len(data)
            client.sendall(data)
        client.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    _shut(client)
    sender.join(IDLE_SECONDS)
    return received


def _answer(client: socket.socket, status: int, phrase: str, text: str) -> None:
    """The sentence is in the status line too: package managers show only that."""
    body = text.encode() + b"\n"
    phrase = (phrase or http.client.responses[status]).encode("ascii", "replace").decode()
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    client.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
