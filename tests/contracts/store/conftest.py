"""A clock that stands still, and the adapters that the suite is held against."""

from __future__ import annotations

import pytest

from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["sqlite", pytest.param("aws", marks=pytest.mark.aws)])
def store(request, tmp_path, clock):
    if request.param == "aws":
        from app.aws.store import DynamoStore
        from tests.aws.emulator import emulated

        with emulated(clock) as aws:
            yield DynamoStore(aws.clients, aws.cloud.table, aws.cloud.bucket, clock)
        return
    from app.local.store import SqliteStore

    store = SqliteStore(tmp_path / "home", clock)
    yield store
    store.close()
