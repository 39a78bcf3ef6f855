"""What several rooms stand on: a clock that stands still, and a home's store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.store import SqliteStore
from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def store(tmp_path: Path, clock: HeldClock) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "home", clock)
    yield store
    store.close()
