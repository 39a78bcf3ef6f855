"""The only way out: an HTTP proxy on the harness's side with an allow-list, used while a command has `network=True`.

CONNECT for TLS (never opened, but its hello must ask for the host that was allowed), plain HTTP for the rest, inside
CONNECT too. Names are resolved here and nowhere else; the address that was
checked is the address connected to, so a name cannot change its meaning in between.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import partial

from app.ports.sandbox import Egress, EgressRequest
from app.sandbox import wire
from app.sandbox.egress_policy import (
    Blocked,
    Malformed,
    Network,
    Policy,
    Target,
    Uploads,
    is_reachable,
    parse,
    parse_inner,
)

__all__ = ["EgressProxy"]

CONNECTIONS = 128  # at once; package managers use a few dozen
CONNECT_SECONDS = 20.0

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
    `uploads` is shared by all proxies of a sandbox.
    """

    def __init__(
        self,
        egress: Egress,
        on_request: Callable[[EgressRequest], None],
        *,
        networks: tuple[Network, ...] = (),
        uploads: Uploads | None = None,
        resolve: Resolve = resolve,
        connect: Connect = connect,
    ) -> None:
        self._policy = Policy(egress)
        self._on_request = on_request
        self._networks = networks
        self._uploads = uploads or Uploads(egress.upload_bytes)
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
                wire.shut(sock)
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
                wire.shut(sock)

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
            client.settimeout(wire.IDLE_SECONDS)
            head, rest = wire.read_head(client)
            if head:
                self._request(client, head, rest)
                wire.hang_up(client)
        except OSError:
            pass  # one side hung up
        finally:
            self._drop(client)
            self._places.release()

    def _request(self, client: socket.socket, head: bytes, rest: bytes) -> None:
        lines = head.split(b"\r\n")
        try:
            target = parse(lines[0])
        except Malformed as odd:
            self._report(odd.target, allowed=False, reason=str(odd))
            wire.answer(client, 400, "Bad Request", f"{odd}. This proxy takes CONNECT and absolute http:// addresses.")
            return
        length = wire.body_length(lines)
        if length is None:
            self._report(target, allowed=False, reason="the length of its body can be read in two ways")
            wire.answer(client, 400, "Bad Request", "The length of the body can be read in two ways.")
            return
        try:
            self._policy.check(target)
            upstream = self._reach(target)
        except Blocked as reason:
            self._refuse(client, target, reason)
            return
        except OSError as error:
            self._report(target, allowed=True, reason=f"not reachable: {error}")
            wire.answer(client, 502, "Bad Gateway", f"{target.host} could not be reached.")
            return
        try:
            self._keep(upstream)
            if target.method == "CONNECT":
                self._tunnel(client, upstream, target, rest)
            else:
                self._exchange(client, upstream, target, wire.rewrite(target, lines), rest, length)
        finally:
            self._drop(upstream)

    def _refuse(self, client: socket.socket, target: Target, reason: Blocked) -> None:
        self._report(target, allowed=False, reason=str(reason))
        wire.answer(client, 403, f"Blocked by Lamplighter: {reason}", f"Blocked by Lamplighter: {reason}.")

    def _tunnel(self, client: socket.socket, upstream: socket.socket, target: Target, rest: bytes) -> None:
        """TLS for the host that was allowed, or one plain request that the methods allow; nothing else passes."""
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        client.settimeout(CONNECT_SECONDS)
        first = rest or client.recv(wire.CHUNK)
        if first[:1] != bytes([wire.HANDSHAKE]):
            self._plain_inside(client, upstream, target, first)
            return
        try:
            name, first = wire.read_hello(client, first)
            self._policy.check_name(target, name)
        except (Blocked, ValueError) as reason:
            self._report(target, allowed=False, reason=str(reason))
            client.sendall(wire.UNRECOGNIZED_NAME)
            return
        client.settimeout(wire.IDLE_SECONDS)
        self._exchange(client, upstream, target, b"", first, wire.UNBOUNDED)

    def _plain_inside(self, client: socket.socket, upstream: socket.socket, target: Target, first: bytes) -> None:
        head, rest = wire.read_head(client, first) if first else (b"", b"")
        lines = head.split(b"\r\n")
        inner, length = parse_inner(lines[0], target), wire.body_length(lines)
        if inner is None or length is None:
            self._report(target, allowed=False, reason="what came through CONNECT is neither TLS nor a plain request")
            return
        try:
            self._policy.check(inner)
        except Blocked as reason:
            self._refuse(client, inner, reason)
            return
        client.settimeout(wire.IDLE_SECONDS)
        self._exchange(client, upstream, inner, wire.rewrite(inner, lines), rest, length)

    def _exchange(
        self, client: socket.socket, upstream: socket.socket, target: Target, head: bytes, rest: bytes, length: int
    ) -> None:
        """Pass both ways what was allowed, and report it when it is over."""
        received, sent, broken = 0, 0, ""
        try:
            if self._uploads.take(target.host, len(head)):
                upstream.sendall(head)
                received, sent, broken = wire.relay(
                    client, upstream, rest, length, partial(self._uploads.take, target.host)
                )
        except OSError as error:  # it took not even the head
            broken = str(error)
        finally:
            refusal = self._uploads.refusal(target.host)
            reason = refusal or (broken and f"cut off by {target.host}: {broken}")
            self._report(target, allowed=not refusal, reason=reason, size_bytes=received, sent_bytes=sent + len(head))

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

    def _report(
        self, target: Target, *, allowed: bool, reason: str = "", size_bytes: int = 0, sent_bytes: int = 0
    ) -> None:
        request = EgressRequest(
            host=target.host,
            port=target.port,
            method=target.method,
            allowed=allowed,
            reason=reason,
            size_bytes=size_bytes,
            sent_bytes=sent_bytes,
        )
        with self._lock:
            self._on_request(request)
