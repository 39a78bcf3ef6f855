"""The ways a job is taken in: claims, then message, on each platform; and both at once, as the door does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from app.ports.intake import InTurn
from app.ports.platform import Intake, Queue, Store
from tests.clock import HeldClock


class Place(NamedTuple):
    """An intake, and what can be seen of its doings."""

    intake: Intake
    store: Store
    queue: Queue
    aws: Any = None  # the emulated account, where there is one

    def take(self, message: str = "m", owner: str = "a", claims: tuple[str, ...] = ("one", "two"), **more: Any) -> Any:
        given: dict[str, Any] = {"group": "g", "dedup_id": "d", "ttl_seconds": 60} | more
        return self.intake.take(message, owner=owner, claims=claims, **given)

    def messages(self) -> list[str]:
        found = []
        while got := self.queue.receive():
            for message in got:
                found.append(message.body)
                self.queue.ack(message)
        return found


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


ON_AWS = [pytest.param(kind, marks=pytest.mark.aws) for kind in ("aws", "door")]


@pytest.fixture(params=["sqlite", *ON_AWS])
def place(request, tmp_path, clock):
    if request.param == "sqlite":
        from app.local.queue import SqliteQueue
        from app.local.store import SqliteStore

        local = SqliteStore(tmp_path / "home", clock), SqliteQueue(tmp_path / "home", "jobs", clock)
        yield Place(InTurn(*local), *local)
        for part in local:
            part.close()
        return
    with _on_aws(request.param, clock) as place:
        yield place


@pytest.fixture(params=ON_AWS)
def place_on_aws(request, clock):
    """Where one half can be away and the other not."""
    with _on_aws(request.param, clock) as place:
        yield place


@contextmanager
def _on_aws(kind: str, clock: HeldClock) -> Iterator[Place]:
    from app.aws.queue import SqsQueue
    from app.aws.store import DynamoStore
    from tests.aws.emulator import emulated
    from tests.aws.face import faced

    with emulated(clock) as aws, faced(aws) as door:
        store = DynamoStore(aws.clients, aws.cloud.table, aws.cloud.bucket, clock)
        queue = SqsQueue(aws.clients, aws.cloud.jobs_queue_url)
        yield Place(door if kind == "door" else InTurn(store, queue), store, queue, aws)
