"""A clock that stands still, a store, and a scheduler whose launcher, queue and control side only play."""

from __future__ import annotations

import pytest

from app.local.store import SqliteStore
from app.log import Redactor
from app.schedule import Scheduler
from tests.clock import HeldClock
from tests.rooms.control.playing import Playing


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def store(tmp_path, clock):
    store = SqliteStore(tmp_path / "home", clock)
    yield store
    store.close()


@pytest.fixture
def playing() -> Playing:
    return Playing()


@pytest.fixture
def scheduler(store, clock, playing) -> Scheduler:
    return Scheduler(
        store=store, publishing=playing, launcher=playing, going_on=playing, clock=clock, redactor=Redactor(),
        concurrency=8,
    )  # fmt: skip
