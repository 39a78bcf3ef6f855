"""What `receive` needs of the platform, over `Wire`: sending a job, the claims on a delivery, the webhook's secret.

The full adapters (`SqsQueue`, `DynamoStore`) do the same with boto3; these halves exist because the door answers from a
cold start. They keep to the same items (`CLAIM#<key>`, `-`), and to the same suite. All they do may be done twice: a
send has its deduplication id, a transaction its token, the rest sets or removes one value. Whatever goes wrong is a
TransientError, which the door answers with 503.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app import log
from app.aws.bodies import fit
from app.aws.wire import Refused, Wire
from app.errors import TransientError
from app.log import Redactor
from app.settings import Settings

if TYPE_CHECKING:
    from app.ports import Clock

SECRET_SECONDS = 300.0  # a rotated secret counts after this; give old and new while GitHub changes over
SECRET_NAME = "secretsmanager:"  # noqa: S105 - how a setting says that its value is kept there
_COLLISIONS = 5  # tries of a transaction that another one got in the way of
_IN_THE_WAY = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

_Item = dict[str, dict[str, str]]


class DoorQueue:
    """The sending half of an SQS FIFO queue."""

    def __init__(self, wire: Wire, url: str) -> None:
        self._wire = wire
        self._url = url

    def send(self, body: str, *, group: str, dedup_id: str) -> None:
        """As the port says. Raises ValueError, too, for a body that SQS does not take."""
        self._wire.call(
            "sqs",
            "SendMessage",
            {
                "QueueUrl": self._url,
                "MessageBody": fit(body),
                "MessageGroupId": group,
                "MessageDeduplicationId": dedup_id,
            },
        )


class DoorStore:
    """The claims of the DynamoDB store."""

    def __init__(self, wire: Wire, table: str, clock: Clock) -> None:
        self._wire = wire
        self._table = table
        self._clock = clock

    def claim_all(self, keys: Sequence[str], owner: str, *, ttl_seconds: float) -> str | None:
        """As the port says."""
        now = self._clock.now().timestamp()
        puts = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": _key(key)
                    | {"owner": {"S": owner}, "expires_at": {"N": str(math.ceil(round(now + ttl_seconds, 3)))}},
                    "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
                    "ExpressionAttributeValues": {":now": {"N": repr(now)}},
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for key in keys
        ]
        for number in range(_COLLISIONS):
            token = os.urandom(16).hex()  # the same for a try whose answer was lost, another after a refusal
            try:
                self._wire.call("dynamodb", "TransactWriteItems", {"TransactItems": puts, "ClientRequestToken": token})
                return None
            except Refused as refused:
                if (holder := _holder(refused)) is not None:
                    return holder
                if not _collided(refused):
                    raise
            time.sleep(0.02 * 2**number)
        raise TransientError("other deliveries of the same thing are in the way", retry_after_seconds=5)

    def claimed_by(self, key: str) -> str | None:
        """As the port says."""
        answer = self._wire.call(
            "dynamodb", "GetItem", {"TableName": self._table, "Key": _key(key), "ConsistentRead": True}
        )
        item: _Item | None = answer.get("Item")
        if not item or float(item["expires_at"]["N"]) <= self._clock.now().timestamp():
            return None
        return item["owner"]["S"]

    def release(self, key: str, owner: str) -> None:
        """As the port says."""
        condition = {
            "ConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": {"S": owner}},
        }
        try:
            self._wire.call("dynamodb", "DeleteItem", {"TableName": self._table, "Key": _key(key), **condition})
        except Refused as refused:
            if refused.code != "ConditionalCheckFailedException":
                raise


class DoorSecrets:
    """Settings that say where a secret is kept, as the secret; asked for again every five minutes."""

    def __init__(self, wire: Wire, redactor: Redactor) -> None:
        self._wire = wire
        self._redactor = redactor
        self._known: dict[str, tuple[float, str]] = {}

    def warm(self, settings: Sequence[str]) -> None:
        """Ask now, while a cold start has time for it. A failure is left to the first delivery."""
        try:
            self.values(settings)
        except TransientError as error:
            log.event("door.not_warm", level=log.WARNING, reason=str(error))

    def values(self, settings: Sequence[str]) -> tuple[str, ...]:
        """Each setting's secrets: one word, or two while one replaces the other. Raises TransientError."""
        return tuple(word for setting in settings for word in self.value(setting).split())

    def value(self, setting: str) -> str:
        """A secret already known stays in use while Secrets Manager is away. Raises TransientError."""
        if not setting.startswith(SECRET_NAME):
            self._redactor.hold(setting)
            return setting
        name, now = setting.removeprefix(SECRET_NAME), time.monotonic()
        known = self._known.get(name)
        if known and now < known[0]:
            return known[1]
        try:
            value = str(self._wire.call("secretsmanager", "GetSecretValue", {"SecretId": name}).get("SecretString", ""))
        except TransientError as error:
            if known is None:
                raise
            log.event("door.secret_not_read", level=log.WARNING, reason=str(error), secret=name)
            value = known[1]
        for word in value.split():
            self._redactor.hold(word)
        self._known[name] = (now + SECRET_SECONDS, value)
        return value


class Door:
    """The parts in one place, ready before the first delivery comes: a starting Lambda has a whole core, later a tenth.

    Raises SettingsError when the deployed parts are not named.
    """

    def __init__(self, settings: Settings, clock: Clock, redactor: Redactor) -> None:
        settings.cloud.require("table", "jobs_queue_url")
        self._settings = self._current = settings
        self._wire = Wire()
        self.store = DoorStore(self._wire, settings.cloud.table, clock)
        self.queue = DoorQueue(self._wire, settings.cloud.jobs_queue_url)
        self._secrets = DoorSecrets(self._wire, redactor)
        self._secrets.warm(settings.webhook_secrets)
        self._wire.open("dynamodb", "sqs")

    def close(self) -> None:
        """Give the connections up."""
        self._wire.close()

    def settings(self) -> Settings:
        """With today's secrets; from here on the delivery's time runs. Raises TransientError."""
        self._wire.begin()
        secrets = self._secrets.values(self._settings.webhook_secrets)
        if secrets != self._current.webhook_secrets:
            self._current = self._settings._replace(webhook_secrets=secrets)
        return self._current


def _key(key: str) -> _Item:
    return {"pk": {"S": f"CLAIM#{key}"}, "sk": {"S": "-"}}


def _reasons(refused: Refused) -> list[Mapping[str, Any]]:
    return list(refused.answer.get("CancellationReasons") or [])


def _holder(refused: Refused) -> str | None:
    """Who holds the first claim that was not free."""
    for reason in _reasons(refused):
        if reason.get("Code") == "ConditionalCheckFailed":
            return str(reason["Item"]["owner"]["S"])
    return None


def _collided(refused: Refused) -> bool:
    """Whether another transaction or a throttle was in the way, which says nothing about who has them."""
    codes = {reason.get("Code") for reason in _reasons(refused)}
    return refused.code == "TransactionInProgressException" or bool(codes & _IN_THE_WAY)
