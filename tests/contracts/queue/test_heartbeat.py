"""A message that is worked on for longer than it is hidden: the beats come in real time, the queue's clock is held."""

from __future__ import annotations

import threading

import pytest

from app.ports.visibility import Heartbeat

VISIBLE_SECONDS = 1.0  # SQS counts whole seconds


@pytest.fixture
def beats(queue):
    """One permit for each time the message was hidden again."""
    heard = threading.Semaphore(0)
    extend = queue.extend

    def extended(message, *, visibility_seconds):
        extend(message, visibility_seconds=visibility_seconds)
        heard.release()

    queue.extend = extended
    return heard


def test_a_heartbeat_holds_a_message_until_the_work_is_done(queue, clock, beats):
    queue.send("m", group="g", dedup_id="d")
    (message,) = queue.receive(visibility_seconds=VISIBLE_SECONDS)
    with Heartbeat(queue, message, visibility_seconds=VISIBLE_SECONDS):
        for _ in range(6):
            clock.advance(0.6 * VISIBLE_SECONDS)
            while beats.acquire(blocking=False):
                pass  # these may have come before the clock moved
            assert beats.acquire(timeout=30)
            assert queue.receive() == []
    clock.advance(1.1 * VISIBLE_SECONDS)
    assert [again.attempt for again in queue.receive()] == [2]  # nobody acknowledged it
