"""A clock that stands still, and the adapters that the suite is held against."""

from __future__ import annotations

import itertools

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


@pytest.fixture(
    params=["sqlite", pytest.param("aws", marks=pytest.mark.aws), pytest.param("door", marks=pytest.mark.aws)]
)
def claims(request, tmp_path, clock):
    """The store; as `door` with the door's own way to the claims, whose other half is the store's."""
    if request.param == "sqlite":
        from app.local.store import SqliteStore

        store = SqliteStore(tmp_path / "home", clock)
        yield store
        store.close()
        return
    from app.aws.store import DynamoStore
    from tests.aws.emulator import emulated
    from tests.aws.face import faced

    with emulated(clock) as aws:
        store = DynamoStore(aws.clients, aws.cloud.table, aws.cloud.bucket, clock)
        if request.param == "aws":
            yield store
            return
        with faced(aws) as door:
            fresh = itertools.count()

            def claim_all(keys, owner, *, ttl_seconds):
                message = {"message": "m", "group": "g", "dedup_id": str(next(fresh))}
                return door.take(**message, claims=keys, owner=owner, ttl_seconds=ttl_seconds)

            store.claim_all = claim_all
            store.release = lambda key, owner: door.forget([key], owner)
            yield store
