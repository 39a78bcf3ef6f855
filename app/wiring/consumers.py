"""The control side: what becomes of each message of the two queues, and the clock's turn.

One machine drains its queues here. In the cloud SQS hands the messages to Lambda functions, which ask `take_job` and
`take_news` too: what is retried, and when, is decided in one place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app import log
from app.dispatch import Dispatcher
from app.errors import NotItsTurn, TransientError, UserError
from app.jobs.job import MOST_ATTEMPTS, Job
from app.ports.platform import Message, Queue
from app.ports.visibility import Heartbeat
from app.publish import Publisher
from app.schedule import Scheduler

_Read = TypeVar("_Read")

_VISIBLE_SECONDS = 300.0  # a message whose consumer died comes back after this
_LONGEST_PAUSE_SECONDS = 900.0
_SHORTEST_PAUSE_SECONDS = 5.0
_DEFECT_PAUSE_SECONDS = 60.0
_DEFECT = "something in me is broken, and my log says what"


class Malformed(Exception):
    """A message that this version cannot read. It is kept as a dead letter: another version may have written it."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """Dispatcher, publisher and scheduler with the queues that feed them."""

    jobs: Queue
    publishing: Queue
    dispatcher: Dispatcher
    publisher: Publisher
    scheduler: Scheduler

    def drain_jobs(self) -> int:
        """Dispatch what waits; returns how many messages were taken."""
        return _drain(self.jobs, self.take_job)

    def drain_publishing(self) -> int:
        """Publish what waits; returns how many messages were taken."""
        return _drain(self.publishing, self.take_news)

    def take_job(self, message: Message) -> float | None:
        """Dispatch one message of the jobs queue. None: done with it; else the seconds after which it comes again."""
        return _take(
            message,
            lambda body: self.dispatcher.dispatch(_read(Job.from_json, body)),
            give_up=lambda body, why: self.dispatcher.give_up(Job.from_json(body), why),
        )

    def take_news(self, message: Message) -> float | None:
        """Publish for one message of the publish queue; answers as `take_job` does.

        Where others go first the pause is the time until its turn: one that grew would keep the run's later news for a
        quarter of an hour from room that is there. The last try is left to the clock, which announces once a minute
        what is not shown yet: a message that only waited is no dead letter.
        """
        try:
            return _take(message, lambda body: self.publisher.publish(_read(_run_id, body)), raises=NotItsTurn)
        except NotItsTurn as error:
            pause = max(error.retry_after_seconds, _SHORTEST_PAUSE_SECONDS)
            log.event("control.waits", message_id=message.id, reason=str(error), seconds=pause)
            return pause if message.attempt < MOST_ATTEMPTS - 1 else None


def _run_id(body: str) -> str:
    return str(json.loads(body)["run_id"])


def _read(parse: Callable[[str], _Read], body: str) -> _Read:
    try:
        return parse(body)
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error


def _drain(queue: Queue, take: Callable[[Message], float | None]) -> int:
    taken = 0
    while messages := queue.receive(limit=1, visibility_seconds=_VISIBLE_SECONDS):
        for message in messages:
            taken += 1
            with Heartbeat(queue, message, visibility_seconds=_VISIBLE_SECONDS):
                pause = take(message)
            if pause is None:
                queue.ack(message)
            else:
                queue.retry(message, delay_seconds=pause)
    return taken


def _take(
    message: Message,
    do: Callable[[str], None],
    *,
    give_up: Callable[[str, str], None] | None = None,
    raises: type[TransientError] | tuple[()] = (),
) -> float | None:
    """Do one message; what the world may fix comes back later, what cannot be read becomes a dead letter.

    `give_up` is told why when this was the last attempt: what follows is the dead letter. `raises` goes to the caller.
    """
    try:
        do(message.body)
        return None
    except raises:
        raise
    except TransientError as error:
        why = str(error)
        pause: float = max(error.retry_after_seconds, min(5.0 * 2**message.attempt, _LONGEST_PAUSE_SECONDS))
        log.event("control.retry", message_id=message.id, reason=why, seconds=pause)
    except UserError as error:
        log.event("control.refused", level=log.WARNING, message_id=message.id, reason=str(error))
        return None
    except Malformed as error:
        level = log.ERROR if message.attempt == 1 else log.INFO
        log.event("control.malformed", level=level, message_id=message.id, reason=str(error), attempt=message.attempt)
        return 0.0  # at once, until the queue buries it: waiting fixes nothing, and its group waits with it
    except Exception as error:
        log.event("control.defect", level=log.ERROR, error=error, message_id=message.id)
        why, pause = _DEFECT, _DEFECT_PAUSE_SECONDS
    if give_up and message.attempt >= MOST_ATTEMPTS:
        try:
            give_up(message.body, why)
        except Exception as error:  # the alarm on dead letters is left
            log.event("control.not_said", level=log.ERROR, error=error, message_id=message.id)
    return pause
