"""`SqsQueue`: one SQS FIFO queue and its dead-letter queue."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from app.aws.bodies import fit
from app.aws.clients import Clients, code_of, translated
from app.ports.platform import Message

# A message can be hidden for twelve hours counted from its receive; a minute less, so that clocks may differ.
_LONGEST_SECONDS = 12 * 3600 - 60

# What SQS takes as a group or a deduplication id.
_LEGAL = re.compile(r"[!-~]{1,128}\Z")

# While dead letters are listed or moved, others do not see them; whoever dies doing so hides them for this long.
_LISTING_SECONDS = 20
_MOVING_SECONDS = 60

# How SQS names a receipt that is no longer good; and a message held for its twelve hours, about to be shown again.
_STALE_WORDS = ("parameter ReceiptHandle is invalid", "Total VisibilityTimeout for the message is beyond the limit")
_STALE = {"AWS.SimpleQueueService.MessageNotInflight", "MessageNotInflight", "ReceiptHandleIsInvalid"}


class SqsQueue:
    """Implements `ports.Queue`. Every call raises TransientError when SQS is away or slows us down, UserError when
    the queue does not exist or the role may not use it.

    How often a message is tried before it is a dead letter is the queue's own redrive policy. In Lambda the event
    source receives and acknowledges; there only `send` and `retry` are called.
    """

    def __init__(self, clients: Clients, url: str) -> None:
        self._sqs = clients.get("sqs")
        self._url = url
        self._policy: tuple[str, int] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Nothing to give back: the clients are the process's."""

    def send(self, body: str, *, group: str, dedup_id: str) -> None:
        """Raises ValueError for a body over 1 MiB or with characters that SQS refuses, and for an illegal group."""
        if not _LEGAL.match(group):
            raise ValueError(f"{group!r} cannot name a group of messages in SQS")
        if not _LEGAL.match(dedup_id):
            dedup_id = hashlib.sha256(dedup_id.encode("utf-8", "surrogatepass")).hexdigest()
        body = fit(body)
        with translated("send to the queue"):
            self._sqs.send_message(
                QueueUrl=self._url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=dedup_id
            )

    def receive(self, *, limit: int = 10, visibility_seconds: float = 300) -> list[Message]:
        """One message a call: a batch would hold several messages of one group."""
        messages: list[Message] = []
        with translated("receive from the queue"):
            while len(messages) < limit:
                got = self._receive(self._url, 1, visibility_seconds)
                if not got:
                    break
                messages += got
                if visibility_seconds <= 0:
                    break  # what was just taken is visible again and would come back in this very loop
        return messages

    def ack(self, message: Message) -> None:
        with translated("acknowledge a message"), _stale_is_nothing():
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def extend(self, message: Message, *, visibility_seconds: float) -> None:
        with translated("hold a message for longer"), _stale_is_nothing():
            self._hide(self._url, message.receipt, visibility_seconds)

    def retry(self, message: Message, *, delay_seconds: float) -> None:
        """A message that has had its last attempt is shown at once: the next receive of its group buries it."""
        delay = delay_seconds if message.attempt < self._redrive_policy()[1] else 0
        with translated("give a message back"), _stale_is_nothing():
            self._hide(self._url, message.receipt, delay)

    def depth(self) -> int:
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        with translated("look at the queue"):
            found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return sum(int(found.get(name, 0)) for name in names)

    def dead_letters(self) -> list[Message]:
        """Up to the ten oldest of every group: SQS shows no more while these are held for the length of this call."""
        url, found = self._dead_url(), []
        if not url:
            return []
        with translated("look at the dead letters"):
            while got := self._receive(url, 10, _LISTING_SECONDS):
                found += got
            for message in found:
                with _stale_is_nothing():
                    self._hide(url, message.receipt, 0)
        return [
            Message(id=letter.id, body=letter.body, group=letter.group, receipt="", attempt=letter.attempt)
            for letter in found
        ]

    def redrive(self) -> int:
        """Order and groups are kept. Killed half-way, a letter was sent but not yet taken from the dead: doing it again
        within five minutes sends it no second time, and a job done twice finds the first time.
        """
        moved, url = 0, self._dead_url()
        if not url:
            return 0
        while True:
            with translated("take the dead letters"):
                letters = self._receive(url, 10, _MOVING_SECONDS)
            for letter in letters:
                self.send(letter.body, group=letter.group, dedup_id=f"redrive-{letter.id}")
                with translated("remove a dead letter"), _stale_is_nothing():
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=letter.receipt)
                moved += 1
            if not letters:
                return moved

    def _redrive_policy(self) -> tuple[str, int]:
        """The dead-letter queue's ARN ("" when there is none) and the attempts a message gets; asked for once."""
        with self._lock:
            if self._policy is None:
                with translated("read the queue's redrive policy"):
                    answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["RedrivePolicy"])
                policy = json.loads(answer.get("Attributes", {}).get("RedrivePolicy") or "{}")
                self._policy = (policy.get("deadLetterTargetArn", ""), int(policy.get("maxReceiveCount", 1_000)))
            return self._policy

    def _dead_url(self) -> str:
        """The dead-letter queue's URL; "" when there is none. Only whoever looks at dead letters may ask."""
        arn = self._redrive_policy()[0]
        if not arn:
            return ""
        account, name = arn.split(":")[4:6]
        with translated("find the dead-letter queue"):
            return str(self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])

    def _receive(self, url: str, most: int, visibility_seconds: float) -> list[Message]:
        answer = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=_whole(visibility_seconds),
            MessageSystemAttributeNames=["MessageGroupId", "ApproximateReceiveCount"],
        )
        return [_message(raw) for raw in answer.get("Messages", [])]

    def _hide(self, url: str, receipt: str, seconds: float) -> None:
        self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=_whole(seconds))


@contextmanager
def _stale_is_nothing() -> Iterator[None]:
    """An older receipt does nothing."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {}).get("Message", "")
        if code_of(error) not in _STALE and not any(words in said for words in _STALE_WORDS):
            raise


def _whole(seconds: float) -> int:
    """Whole seconds, not fewer than asked for."""
    return int(min(max(0, -(-seconds // 1)), _LONGEST_SECONDS))


def _message(raw: dict[str, Any]) -> Message:
    system = raw["Attributes"]
    return Message(
        id=raw["MessageId"],
        body=raw["Body"],
        group=system["MessageGroupId"],
        receipt=raw["ReceiptHandle"],
        attempt=int(system["ApproximateReceiveCount"]),
    )
