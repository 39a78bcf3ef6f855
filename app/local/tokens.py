"""Read tokens for workers, over a unix socket: `TokenBroker` in the server, `SocketTokens` in the worker.

One request and one answer a connection, each a line of JSON. The socket and the key beside it are readable by the
owner of the home only; who cannot read files there (code in a sandbox) cannot use the socket either.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app import log
from app.errors import TransientError, UserError
from app.local.folders import private
from app.ports.platform import Store, Token
from app.runs import token_policy

LINE_BYTES = 64 * 1024  # tokens are about 520 characters today; no assumption about tomorrow
REQUEST_SECONDS = 5.0  # a client that stalls holds up the others this long
ANSWER_SECONDS = 60.0  # minting is one call to GitHub, which may be slow
AWAY_SECONDS = 5.0  # a server that restarts is back by then


class TokenBroker:
    """Control side: answers workers' requests in one thread, from `start` to `close`.

    What is granted is `token_policy`'s rule.
    """

    def __init__(self, home: Path, store: Store, mint: token_policy.Mint) -> None:
        self._home = private(home)
        self._store = store
        self._mint = mint
        self._key = secrets.token_hex(32)
        self._socket: socket.socket | None = None
        self._lock: int | None = None
        self._thread = threading.Thread(target=self._serve, name="token-broker", daemon=True)

    def start(self) -> None:
        """Raises UserError when another server already uses this home."""
        self._lock = os.open(self._home / "tokens.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            self._lock = None
            raise UserError(f"Another Lamplighter is already serving from `{self._home}`.") from None
        _write_key(self._home / "tokens.key", self._key)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(self._home) as directory:
            (self._home / "tokens.sock").unlink(missing_ok=True)
            listener.bind(f"{directory}/tokens.sock")
        (self._home / "tokens.sock").chmod(0o600)
        listener.listen(64)
        self._socket = listener
        self._thread.start()

    def close(self) -> None:
        """Stop answering; workers that ask get TransientError. Idempotent."""
        listener, self._socket = self._socket, None
        if listener is None:
            return
        listener.shutdown(socket.SHUT_RDWR)  # wakes the accept that is waiting
        self._thread.join()
        listener.close()
        (self._home / "tokens.sock").unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _serve(self) -> None:
        while (listener := self._socket) is not None:
            try:
                connection, _ = listener.accept()
            except OSError:
                continue  # closed: the loop ends; anything else: the next one may come through
            with connection:
                try:
                    self._serve_one(connection)
                except (OSError, ValueError) as error:
                    log.event("tokens.dropped", error_type=type(error).__name__)
                except Exception as error:  # a defect must not take the broker away from every other run
                    log.event("tokens.defect", error=error)

    def _serve_one(self, connection: socket.socket) -> None:
        connection.settimeout(REQUEST_SECONDS)
        request = _receive(connection)
        if not hmac.compare_digest(str(request.get("key")).encode(), self._key.encode()):
            # Not a refusal: a worker may have read the key just before a new server replaced it.
            answer = token_policy.delayed("The key is not the one in this home.", AWAY_SECONDS)
        else:
            answer = token_policy.answer(request, self._store, self._mint)
        connection.settimeout(REQUEST_SECONDS)
        connection.sendall(json.dumps(answer).encode() + b"\n")


class SocketTokens:
    """Worker side; implements `ports.Tokens`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def read_token(self, run_id: str, repository_id: int, *, fresh: bool = False) -> Token:
        """As the port says; TransientError also while the server is away."""
        try:
            return token_policy.token_of(self._ask(token_policy.request(run_id, repository_id, fresh=fresh)))
        except (OSError, ValueError) as error:
            raise TransientError(
                f"The token broker does not answer ({type(error).__name__}): is `lamplighter serve` running?",
                retry_after_seconds=AWAY_SECONDS,
            ) from error

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        key = (self._home / "tokens.key").read_text(encoding="ascii")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            with _short(self._home) as directory:
                connection.connect(f"{directory}/tokens.sock")
            connection.sendall(json.dumps(request | {"key": key}).encode() + b"\n")
            return _receive(connection)


@contextmanager
def _short(directory: Path) -> Iterator[str]:
    """A path of `directory` that fits into a socket address (108 bytes) however deep it lies."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _receive(connection: socket.socket) -> dict[str, Any]:
    """One line of JSON. Raises ValueError when it is no object, too long or cut off."""
    line = b""
    while not line.endswith(b"\n"):
        part = connection.recv(LINE_BYTES)
        if not part or len(line) > LINE_BYTES:
            raise ValueError("no whole line")
        line += part
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _write_key(path: Path, key: str) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    new.replace(path)
