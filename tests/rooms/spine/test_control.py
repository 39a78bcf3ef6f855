"""What becomes of a message whose work fails, by why it failed and how often it was tried."""

from __future__ import annotations

import json

import pytest

from app import log
from app.errors import NotItsTurn, TransientError, UserError
from app.github.errors import RateLimited
from app.jobs.job import MOST_ATTEMPTS, Job, Person, Thread
from app.ports.platform import Message
from app.wiring.consumers import Control
from tests.clock import HeldClock

JOB = Job(
    id="delivery",
    action="start",
    reason="",
    trigger="issues.labeled:agent-fix",
    thread=Thread(1, 2, "acme/calc", 3),
    sender=Person("maya", 4),
    received_at=HeldClock().now(),
)


class Failing:
    """A dispatcher whose every job fails; `said` is what it told the thread."""

    def __init__(self, error: Exception, *, is_mute: bool = False) -> None:
        self.error, self.is_mute, self.said = error, is_mute, []

    def dispatch(self, _job: Job) -> None:
        raise self.error

    def give_up(self, job: Job, why: str) -> None:
        if self.is_mute:
            raise TransientError("the store is away")
        self.said.append((job, why))


def _take(dispatcher: Failing, attempt: int, body: str = JOB.to_json()) -> float | None:
    control = Control(jobs=None, publishing=None, dispatcher=dispatcher, publisher=None, scheduler=None)
    return control.take_job(Message(id="m", body=body, group="g", receipt="r", attempt=attempt))


@pytest.mark.parametrize(
    ("error", "why"), [(TransientError("GitHub is away"), "GitHub is away"), (RuntimeError("x"), "in me is broken")]
)
def test_only_the_last_attempt_that_fails_is_told(error, why):
    dispatcher = Failing(error)
    assert _take(dispatcher, MOST_ATTEMPTS - 1) is not None
    assert dispatcher.said == []
    assert _take(dispatcher, MOST_ATTEMPTS) is not None  # it comes back, and is buried by the queue
    [(job, reason)] = dispatcher.said
    assert job == JOB
    assert why in reason


def test_defect_is_told_without_its_details():
    dispatcher = Failing(RuntimeError("password=hunter2"))
    _take(dispatcher, MOST_ATTEMPTS)
    assert "hunter2" not in dispatcher.said[0][1]


def test_word_that_cannot_be_said_is_logged_and_changes_nothing():
    with log.captured() as lines:
        assert _take(Failing(TransientError("away"), is_mute=True), MOST_ATTEMPTS) is not None
    assert [line["action"] for line in lines] == ["control.retry", "control.not_said"]


@pytest.mark.parametrize("body", ["", "null", "{}", json.dumps({"id": "x"}), JOB.to_json()[:-1] + ',"version":9}'])
def test_message_that_cannot_be_read_is_kept_as_a_dead_letter_and_nobody_is_told(body):
    dispatcher = Failing(RuntimeError())
    with log.captured() as lines:
        assert _take(dispatcher, 1, body) == _take(dispatcher, MOST_ATTEMPTS, body) == 0  # the queue buries it
    assert [(line["action"], line["level"]) for line in lines] == [
        ("control.malformed", "error"),
        ("control.malformed", "info"),
    ]
    assert dispatcher.said == []


def test_what_a_person_must_mend_is_not_tried_again():
    dispatcher = Failing(UserError("no such repository"))
    assert _take(dispatcher, MOST_ATTEMPTS) is None
    assert dispatcher.said == []


class Waiting:
    """A publisher that cannot publish."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def publish(self, _run_id: str) -> None:
        raise self.error


def _publish(error: Exception, attempt: int) -> float | None:
    control = Control(jobs=None, publishing=None, dispatcher=None, publisher=Waiting(error), scheduler=None)
    body = json.dumps({"run_id": "1" * 16})
    return control.take_news(Message(id="m", body=body, group="g", receipt="r", attempt=attempt))


@pytest.mark.parametrize(
    "error", [RateLimited("others", retry_after_seconds=40), NotItsTurn("t", retry_after_seconds=40)]
)
def test_news_that_only_wait_come_when_it_is_their_turn_and_are_never_buried(error):
    pauses = [_publish(error, attempt) for attempt in range(1, MOST_ATTEMPTS)]
    assert pauses == [40.0] * (MOST_ATTEMPTS - 2) + [None]  # the clock announces again what is not shown


def test_news_that_fail_come_less_and_less_often():
    pauses = [_publish(TransientError("away", retry_after_seconds=1), attempt) for attempt in range(1, 12)]
    assert pauses == sorted(pauses) and pauses[-1] == 900.0


def test_turn_that_is_near_is_not_asked_for_at_once():
    assert _publish(NotItsTurn("t", retry_after_seconds=0.1), 1) == 5.0
