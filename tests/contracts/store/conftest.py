"""A clock that stands still, and the adapters that the suite is held against (AWS joins as a second parameter)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest


class HeldClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["sqlite"])
def store(request, tmp_path, clock):
    from app.local.store import SqliteStore

    store = SqliteStore(tmp_path / "home", clock)
    yield store
    store.close()
