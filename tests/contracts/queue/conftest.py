"""A clock that stands still, and the adapters that the suite is held against."""

from __future__ import annotations

import itertools

import pytest

from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(
    params=["sqlite", pytest.param("aws", marks=pytest.mark.aws), pytest.param("door", marks=pytest.mark.aws)]
)
def queue(request, tmp_path, clock):
    if request.param in {"aws", "door"}:
        from app.aws.queue import SqsQueue
        from tests.aws.emulator import emulated
        from tests.aws.face import faced

        with emulated(clock, max_attempts=3) as aws:
            queue = SqsQueue(aws.clients, aws.cloud.jobs_queue_url)
            if request.param == "aws":
                yield queue
                return
            with faced(aws) as door:
                fresh = itertools.count()

                def send(body, *, group, dedup_id):
                    claims = {"claims": [f"claim {next(fresh)}"], "owner": "me", "ttl_seconds": 60}
                    door.take(body, group=group, dedup_id=dedup_id, **claims)

                queue.send = send
                yield queue
        return
    from app.local.queue import SqliteQueue

    queue = SqliteQueue(tmp_path / "home", "jobs", clock, max_attempts=3)
    yield queue
    queue.close()
