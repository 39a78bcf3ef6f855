"""A held clock and an account of AWS for the tests of this folder."""

from __future__ import annotations

import pytest

from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def aws(clock):
    from tests.aws.emulator import emulated

    with emulated(clock) as account:
        yield account


@pytest.fixture
def store(aws, clock):
    from app.aws.store import DynamoStore

    return DynamoStore(aws.clients, aws.cloud.table, aws.cloud.bucket, clock)


@pytest.fixture
def queue(aws):
    from app.aws.queue import SqsQueue

    return SqsQueue(aws.clients, aws.cloud.jobs_queue_url)


@pytest.fixture
def ledger(store, clock):
    from tests.aws.ledgers import opened

    return opened(store, clock)
