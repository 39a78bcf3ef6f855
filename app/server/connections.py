"""How many strangers may be connected, and how long one may take to say what it wants.

uvicorn bounds neither: a connection that never sends a request stays indefinitely, and enough of them use up the file
descriptors that the ledger and the queues need as well.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # for a request's head; GitHub gives its whole delivery no longer than that
MOST = 512  # connections; GitHub opens a handful, a proxy in front a few dozen
GRACE_SECONDS = 3  # for requests that a shutdown finds half-way; then they are told to come again
BACKLOG = 128  # asyncio accepts as many at once before it looks at any of them


def server(app: ASGIApp, crowd: Crowd | None = None) -> uvicorn.Server:
    """A server that is ready to run; what it logs goes where `library_log` sends it."""
    config = uvicorn.Config(
        app,
        http=(crowd or Crowd()).protocol(),
        backlog=BACKLOG,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def most_connections() -> int:
    """Half of the files this process may open (`ulimit -n`), 512 at most: the rest belongs to stores and clients."""
    return max(16, min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2))


class Crowd:
    """The connections of one server. Used in its event loop only.

    Where a new one is too many, the one that has waited longest without a request makes room; where all are being
    served, the new one is closed.
    """

    def __init__(self, most: int | None = None, head_seconds: float = HEAD_SECONDS) -> None:
        self.most = most_connections() if most is None else most
        self.head_seconds = head_seconds
        self._waiting: dict[_Bounded, asyncio.TimerHandle] = {}  # the longest waiting first

    def protocol(self) -> type[H11Protocol]:
        """The class that uvicorn makes an object of for each connection."""
        return type("BoundedProtocol", (_Bounded,), {"crowd": self})

    def arrived(self, newcomer: _Bounded, connected: int) -> None:
        self.waits(newcomer)
        if connected > self.most:
            oldest = next(iter(self._waiting))
            self.left(oldest)
            oldest.transport.abort()

    def waits(self, connection: _Bounded) -> None:
        """From now on, unless it waits already, the connection owes a head."""
        if connection not in self._waiting:
            self._waiting[connection] = connection.loop.call_later(self.head_seconds, connection.transport.abort)

    def left(self, connection: _Bounded) -> None:
        """It has sent a head, or is gone."""
        if timer := self._waiting.pop(connection, None):
            timer.cancel()


class _Bounded(H11Protocol):
    """Tells the crowd when it waits for a request and when it has one."""

    crowd: Crowd

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.crowd.arrived(self, len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        self.crowd.left(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def _look(self) -> None:
        between_requests: Any = self.conn.their_state is h11.IDLE and (
            self.cycle is None or self.cycle.response_complete
        )
        if between_requests and not self.transport.is_closing():
            self.crowd.waits(self)
        else:
            self.crowd.left(self)
