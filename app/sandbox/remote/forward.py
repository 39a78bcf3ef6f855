"""The server's half of the way out: connections that commands make to the loopback proxy go to the worker's gate.

Commands know 127.0.0.1 only. The credential of the command travels from here, first thing on each connection, and
never comes into a command's hands. Only sockets that were made for the `network` command are served: what else runs at
the same time has no way out.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from app.errors import TransientError
from app.sandbox.remote.sockets import owner_of
from app.sandbox.toolchains import PROXY_PORT

PREFACE = b"LAMPLIGHTER-EGRESS "
CONNECTIONS = 128
CONNECT_SECONDS = 20.0
IDLE_SECONDS = 300.0
CHUNK = 1 << 16


class Forwarder:
    """Open while a `network` command runs; an `app.sandbox.walls.Proxy`. `credential` is the command's."""

    def __init__(self, gate: tuple[str, int], credential: str) -> None:
        self._gate, self._preface = gate, PREFACE + credential.encode("ascii") + b"\n"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._places = threading.Semaphore(CONNECTIONS)
        self._closed = False
        self._ours: set[int] = set()
        try:
            self._door = socket.create_server(("127.0.0.1", PROXY_PORT), backlog=128)
        except OSError as error:
            raise TransientError(f"the sandbox's way out cannot open: {error}", retry_after_seconds=10) from error
        self._keep(self._door)
        self._accepting = threading.Thread(target=self._accept, name="forward", daemon=True)
        self._accepting.start()

    def made(self, inode: int) -> None:
        """A socket of the command's."""
        with self._lock:
            self._ours.add(inode)

    def serve(self, listener: socket.socket, is_ours: Callable[[tuple[str, int]], bool] = lambda _: True) -> None:
        raise NotImplementedError  # it has its own door

    def close(self) -> None:
        """Cut every connection."""
        with self._lock:
            self._closed = True
            for sock in self._open:
                shut(sock)
        self._accepting.join()  # the port is free for the next command

    def _keep(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.add(sock)
            if self._closed:
                shut(sock)

    def _drop(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.discard(sock)
            sock.close()

    def _accept(self) -> None:
        try:
            while not self._closed:
                client, address = self._door.accept()
                self._keep(client)
                self._places.acquire()
                threading.Thread(target=self._pass_on, args=(client, address[1]), name="forward", daemon=True).start()
        except OSError:
            pass  # shut by close
        finally:
            self._drop(self._door)

    def _pass_on(self, client: socket.socket, port: int) -> None:
        try:
            owner = owner_of(port, PROXY_PORT)
            with self._lock:
                if owner not in self._ours:
                    raise OSError("not the command's")
            gate = socket.create_connection(self._gate, CONNECT_SECONDS)
        except OSError:
            self._drop(client)
            self._places.release()
            return
        self._keep(gate)
        try:
            gate.sendall(self._preface)
            gate.settimeout(IDLE_SECONDS)
            client.settimeout(IDLE_SECONDS)
            back = threading.Thread(target=copy, args=(gate, client), name="forward-back", daemon=True)
            back.start()
            copy(client, gate)
            back.join()
        except OSError:
            pass  # one side hung up
        finally:
            self._drop(gate)
            self._drop(client)
            self._places.release()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Until one side is done, which the other is told; a failure ends both."""
    try:
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        shut(source)
        shut(target)


def shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
