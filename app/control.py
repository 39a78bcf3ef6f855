"""The control side of one machine: takes messages from the two queues and gives the clock its turn.

In the cloud the same three parts hang on SQS and a timer, and the queues do what `_take` does here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app import log
from app.dispatch import Dispatcher
from app.errors import TransientError, UserError
from app.jobs import Job
from app.ports import Message, Queue
from app.publish import Publisher
from app.schedule import Scheduler

_Read = TypeVar("_Read")


class Malformed(Exception):
    """A message that is none: recorded and acknowledged, because it will not get better."""


_VISIBLE_SECONDS = 300.0  # a message whose taker died comes back after this
_LONGEST_PAUSE_SECONDS = 900.0


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
        return _drain(self.jobs, lambda body: self.dispatcher.dispatch(_read(Job.from_json, body)))

    def drain_publishing(self) -> int:
        """Publish what waits; returns how many messages were taken."""
        return _drain(self.publishing, lambda body: self.publisher.publish(_read(_run_id, body)))


def _run_id(body: str) -> str:
    return str(json.loads(body)["run_id"])


def _read(parse: Callable[[str], _Read], body: str) -> _Read:
    try:
        return parse(body)
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error


def _drain(queue: Queue, do: Callable[[str], None]) -> int:
    taken = 0
    while messages := queue.receive(limit=1, visibility_seconds=_VISIBLE_SECONDS):
        for message in messages:
            taken += 1
            _take(queue, message, do)
    return taken


def _take(queue: Queue, message: Message, do: Callable[[str], None]) -> None:
    """Do one message; what the world may mend comes back later, what cannot be understood is recorded and gone."""
    try:
        do(message.body)
    except TransientError as error:
        pause = max(error.retry_after_seconds, min(5.0 * 2**message.attempt, _LONGEST_PAUSE_SECONDS))
        log.event("control.retry", message=message.id, reason=str(error), seconds=pause)
        queue.retry(message, delay_seconds=pause)
    except UserError as error:
        log.event("control.refused", level=log.WARNING, message=message.id, reason=str(error))
        queue.ack(message)
    except Malformed as error:
        log.event("control.malformed", level=log.ERROR, message=message.id, reason=str(error))
        queue.ack(message)
    except Exception as error:
        log.event("control.defect", level=log.ERROR, error=error, message=message.id)
        queue.retry(message, delay_seconds=60)
    else:
        queue.ack(message)
