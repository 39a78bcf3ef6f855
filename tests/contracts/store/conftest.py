"""A clock that stands still, and the adapters that the suite is held against (AWS joins as a second parameter)."""

from __future__ import annotations

import pytest

from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["sqlite"])
def store(request, tmp_path, clock):
    from app.local.store import SqliteStore

    store = SqliteStore(tmp_path / "home", clock)
    yield store
    store.close()
