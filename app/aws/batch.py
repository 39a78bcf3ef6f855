"""A batch of SQS messages in Lambda: each is taken by itself, and only those that failed come back.

Lambda receives and acknowledges. A message that the world may fix later gets its own time to come back, in place of
the queue's visibility timeout, which has to be six times the function's; and while one is being worked on it is held
only for as long as this function can still run, so that it comes back soon when the function dies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from app import log
from app.errors import LamplighterError
from app.ports.platform import Message, Queue

_SPARE_SECONDS = 10.0  # between the function's last moment and the message's return
_NEEDED_SECONDS = 15.0  # with less time left no message is begun: its followers' work was cut short for nothing

Take = Callable[[Message], float | None]


class ComesAgain(Exception):
    """Not done; what to do about it is settled. Tells powertools to report the message as failed."""


def taken(event: dict[str, Any], context: Any, take: Take, queue: Queue) -> dict[str, Any]:
    """Lambda's answer (`batchItemFailures`) to a batch. `take` says when a message comes again, None: it is done.

    After a failure the rest of its group waits too, because a FIFO queue keeps the order of a group.
    """
    processor = SqsFifoPartialProcessor(skip_group_on_error=True)
    processor.raise_on_entire_batch_failure = False  # nothing was raised that somebody should look at

    def one(record: SQSRecord) -> None:
        message = _message(record)
        left = context.get_remaining_time_in_millis() / 1000 if context else _NEEDED_SECONDS
        pause: float | None = 0.0
        if left >= _NEEDED_SECONDS:
            _hold(queue, message, left + _SPARE_SECONDS)
            pause = take(message)
        if pause is not None:
            _hold(queue, message, pause)  # Lambda gives it back when that is over
            raise ComesAgain(message.id)

    return dict(process_partial_response(event=event, record_handler=one, processor=processor, context=context))


def _hold(queue: Queue, message: Message, seconds: float) -> None:
    """Hide the message from now on for so long; when that fails, the queue's own timeout counts."""
    try:
        queue.extend(message, visibility_seconds=seconds)
    except LamplighterError as error:
        log.event("batch.time_not_set", level=log.WARNING, reason=str(error))


def _message(record: SQSRecord) -> Message:
    return Message(
        id=record.message_id,
        body=record.body,
        group=str(record.attributes.message_group_id),
        receipt=record.receipt_handle,
        attempt=int(record.attributes.approximate_receive_count),
    )
