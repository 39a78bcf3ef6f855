"""An application served by uvicorn on a socket, as `lamplighter serve` serves it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from app.server import connections
from tests.waiting import until


@contextmanager
def serving(app: ASGIApp, crowd: connections.Crowd | None = None) -> Iterator[tuple[str, int]]:
    """The address it listens on; ends the server as SIGTERM would."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = connections.server(app, crowd)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until(lambda: running.started)
        yield listening.getsockname()
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()
