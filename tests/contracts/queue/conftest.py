"""A clock that stands still, and the adapters that the suite is held against (AWS joins as a second parameter)."""

from __future__ import annotations

import pytest

from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["sqlite"])
def queue(request, tmp_path, clock):
    from app.local.queue import SqliteQueue

    queue = SqliteQueue(tmp_path / "home", "jobs", clock, max_attempts=3)
    yield queue
    queue.close()
