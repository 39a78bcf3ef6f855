"""The door on real SQLite ports, a clock that stands still, and GitHub's own example payloads."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from app import settings
from app.errors import TransientError
from app.jobs.job import Job
from app.ports.intake import InTurn
from app.receive import Answer, Delivery, receive
from app.server import connections
from app.server.connections import Crowd
from tests.clock import HeldClock
from tests.waiting import until

SECRET = "it's a secret to everybody"
ROOT = Path(__file__).parents[3]


class BrokenSometimes:
    """A port whose named calls fail while they are in `failing`."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.failing: dict[str, Exception] = {}

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name in self.failing:
                raise self.failing[name]
            return getattr(self._port, name)(*args, **kwargs)

        return call


@dataclass
class Door:
    """`knock` delivers; `jobs` takes what came out at the other end."""

    settings: settings.Settings
    store: Any
    queue: Any
    clock: HeldClock

    def __call__(self, delivery: Delivery) -> Answer:
        return receive(delivery, settings=self.settings, intake=InTurn(self.store, self.queue), clock=self.clock)

    def knock(self, event: str, payload: Any, *, guid: str = "", secret: str = SECRET, **headers: str) -> Answer:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        delivery = Delivery.signed(event, body, secret=secret, guid=guid)
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        return self(delivery._replace(headers={**delivery.headers, **changed}))

    def jobs(self) -> list[Job]:
        found = []
        while messages := self.queue.receive():
            for message in messages:
                found.append(Job.from_json(message.body))
                self.queue.ack(message)
        return found


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def door(tmp_path, clock):
    from app.local.queue import SqliteQueue
    from app.local.store import SqliteStore

    store, queue = SqliteStore(tmp_path, clock), SqliteQueue(tmp_path, "jobs", clock)
    given = settings.load({"LAMPLIGHTER_HOME": str(tmp_path)})._replace(webhook_secrets=(SECRET,))
    yield Door(given, BrokenSometimes(store), BrokenSometimes(queue), clock)
    queue.close()
    store.close()


@pytest.fixture(scope="session")
def examples() -> list[tuple[str, dict[str, Any]]]:
    """The 329 payloads of @octokit/webhooks-examples, as (event, payload)."""
    packed = (ROOT / "tests" / "corpora" / "webhooks-examples.json.gz").read_bytes()
    return [(name, payload) for name, payload in json.loads(gzip.decompress(packed))]


@pytest.fixture(scope="session")
def sample():
    """`sample("issues.labeled")`: a payload of events/github."""
    return lambda name: json.loads((ROOT / "events" / "github" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def unreachable() -> TransientError:
    return TransientError("the queue is away", retry_after_seconds=7)


@pytest.fixture(scope="session")
def sample_comment(sample):
    return sample("issue_comment.command")


@contextmanager
def serving(app: ASGIApp, crowd: Crowd | None = None) -> Iterator[tuple[str, int]]:
    """The address on which uvicorn serves it, as in `lamplighter serve`; ended as by SIGTERM."""
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
