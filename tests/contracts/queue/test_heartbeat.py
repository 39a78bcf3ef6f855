"""A message that is worked on for longer than it is hidden, in real time."""

from __future__ import annotations

import time

import pytest

from app.local.clock import SystemClock
from app.ports.visibility import Heartbeat

VISIBLE_SECONDS = 4.0  # a busy machine stalls for one


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


def test_a_heartbeat_holds_a_message_until_the_work_is_done(queue):
    queue.send("m", group="g", dedup_id="d")
    (message,) = queue.receive(visibility_seconds=VISIBLE_SECONDS)
    until = time.monotonic() + 2.2 * VISIBLE_SECONDS
    with Heartbeat(queue, message, visibility_seconds=VISIBLE_SECONDS):
        while time.monotonic() < until:
            assert queue.receive() == []
            time.sleep(0.1)
    time.sleep(1.1 * VISIBLE_SECONDS)
    assert [again.attempt for again in queue.receive()] == [2]  # nobody acknowledged it
