"""The worker's half of the way out: a port that is open only while a `network` command runs, and only to its sandbox.

A connection begins with the command's credential, which one server was told over its channel; whoever else reaches the
port (the sandbox of another run, say) is hung up on before anything is read as a request.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.errors import TransientError
from app.sandbox.egress import EgressProxy
from app.sandbox.remote.forward import PREFACE

PORT = 3128
PREFACE_SECONDS = 5.0
WAITING = 32  # connections that have not shown their credential yet
CREDENTIAL_BYTES = 32


class Gate:
    """`address` is the worker's own on the network it shares with the sandbox, `peer` the sandbox's."""

    def __init__(self, address: str, peer: str, port: int = PORT) -> None:
        self._address, self._peer, self._port = address, peer, port
        self._one = threading.Lock()

    @contextmanager
    def open(self, make_proxy: Callable[[], EgressProxy]) -> Iterator[dict[str, object]]:
        """While it lasts, the sandbox may use the proxy; yields what its server must know. One command at a time.

        Raises TransientError when the port is taken.
        """
        with self._one:
            credential = secrets.token_hex(CREDENTIAL_BYTES)
            try:
                listener = socket.create_server((self._address, self._port), backlog=128)
            except OSError as error:
                raise TransientError(f"the egress proxy cannot listen: {error}", retry_after_seconds=10) from error
            proxy = make_proxy()
            accepting = threading.Thread(
                target=self._accept, args=(listener, credential, proxy), name="gate", daemon=True
            )
            accepting.start()
            try:
                yield {"port": self._port, "credential": credential}
            finally:
                _shut(listener)
                accepting.join()
                proxy.close()

    def _accept(self, listener: socket.socket, credential: str, proxy: EgressProxy) -> None:
        places = threading.Semaphore(WAITING)
        with listener:
            while True:
                try:
                    client, address = listener.accept()
                except OSError:
                    return  # shut
                if address[0] != self._peer:
                    client.close()
                    continue
                places.acquire()
                threading.Thread(
                    target=self._admit, args=(client, credential, proxy, places), name="gate", daemon=True
                ).start()

    def _admit(self, client: socket.socket, credential: str, proxy: EgressProxy, places: threading.Semaphore) -> None:
        try:
            client.settimeout(PREFACE_SECONDS)
            wanted = PREFACE + credential.encode("ascii") + b"\n"
            if hmac.compare_digest(_read(client, len(wanted)), wanted):
                proxy.take(client)
            else:
                client.close()
        except OSError:
            client.close()
        finally:
            places.release()


def _read(client: socket.socket, count: int) -> bytes:
    """So many bytes and none more: what follows is the proxy's."""
    data = b""
    while len(data) < count and (chunk := client.recv(count - len(data))):
        data += chunk
    return data


def _shut(listener: socket.socket) -> None:
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
