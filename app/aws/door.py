"""What `receive` needs of the platform, over `Wire`: taking a job in, and the webhook's secret.

The full adapters (`SqsQueue`, `DynamoStore`) do the same with boto3; this exists because the door answers from a cold
start. It keeps to the same items (`CLAIM#<key>`, `-`), and to the same suite. All it does may be done twice: a send has
its deduplication id, a transaction its token, the rest sets or removes one value. Whatever goes wrong is a
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
from app.aws.wire import Call, Refused, Wire, together
from app.errors import TransientError
from app.log import Redactor
from app.retry import Retry
from app.settings import Settings

if TYPE_CHECKING:
    from app.ports.platform import Clock

SECRET_SECONDS = 300.0  # a rotated secret counts after this; give old and new while GitHub changes over
SECRET_NAME = "secretsmanager:"  # noqa: S105 - how a setting says that its value is kept there
# For a transaction that another one got in the way of.
_COLLISION = Retry.doubling(5, first_seconds=0.02, longest_seconds=0.32, spread=0.5)
_IN_THE_WAY = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

_Item = dict[str, dict[str, str]]


class DoorIntake:
    """Implements `ports.Intake`: the claim and the message go out at the same time."""

    def __init__(self, wire: Wire, table: str, queue_url: str, clock: Clock) -> None:
        self._wire = wire
        self._table = table
        self._queue_url = queue_url
        self._clock = clock

    def take(
        self, message: str, *, group: str, dedup_id: str, claims: Sequence[str], owner: str, ttl_seconds: float
    ) -> str | None:
        """As the port says. Raises ValueError, too, for a message that SQS does not take."""
        sent = {
            "QueueUrl": self._queue_url,
            "MessageBody": fit(message),
            "MessageGroupId": group,
            "MessageDeduplicationId": dedup_id,
        }
        claiming = self._claim_all(claims, owner, ttl_seconds=ttl_seconds)
        return together(claiming, self._wire.calling("sqs", "SendMessage", sent))[0]

    def forget(self, claims: Sequence[str], owner: str) -> None:
        """As the port says."""
        condition = {
            "ConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": {"S": owner}},
        }
        for key in claims:
            try:
                self._wire.call("dynamodb", "DeleteItem", {"TableName": self._table, "Key": _key(key), **condition})
            except Refused as refused:
                if refused.code != "ConditionalCheckFailedException":
                    raise

    def _claim_all(self, keys: Sequence[str], owner: str, *, ttl_seconds: float) -> Call[str | None]:
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
        for _pause in _COLLISION.tries(time.sleep):
            token = os.urandom(16).hex()  # the same for a try whose answer was lost, another after a refusal
            parameters = {"TransactItems": puts, "ClientRequestToken": token}
            try:
                yield from self._wire.calling("dynamodb", "TransactWriteItems", parameters)
                return None
            except Refused as refused:
                if (holder := _holder(refused)) is not None:
                    return holder
                if not _collided(refused):
                    raise
        raise TransientError("other deliveries of the same thing are in the way", retry_after_seconds=5)


class DoorSecrets:
    """Settings that say where a secret is kept, as the secrets; asked for again every five minutes."""

    def __init__(self, wire: Wire, redactor: Redactor, settings: Sequence[str]) -> None:
        self._wire = wire
        self._redactor = redactor
        self._settings = settings
        self._known: tuple[str, ...] = ()
        self._until = 0.0

    def warm(self) -> None:
        """Ask now, while a cold start has time for it. A failure is left to the first delivery."""
        try:
            self.values()
        except TransientError as error:
            log.event("door.not_warm", level=log.WARNING, reason=str(error))

    def values(self) -> tuple[str, ...]:
        """Each setting's secrets: one word, or two while one replaces the other.

        Those already known stay in use while Secrets Manager is away. Raises TransientError.
        """
        if (now := time.monotonic()) < self._until:
            return self._known
        try:
            self._known = tuple(word for setting in self._settings for word in self._read(setting).split())
        except TransientError as error:
            if not self._known:
                raise
            log.event("door.secret_not_read", level=log.WARNING, reason=str(error))
        for word in self._known:
            self._redactor.hold(word)
        self._until = now + SECRET_SECONDS
        return self._known

    def _read(self, setting: str) -> str:
        if not setting.startswith(SECRET_NAME):
            return setting
        name = setting.removeprefix(SECRET_NAME)
        return str(self._wire.call("secretsmanager", "GetSecretValue", {"SecretId": name}).get("SecretString", ""))


class Door:
    """The parts in one place, ready before the first delivery comes: a starting Lambda has a whole core, later a tenth.

    Raises SettingsError when the deployed parts are not named.
    """

    def __init__(self, settings: Settings, clock: Clock, redactor: Redactor) -> None:
        settings.cloud.require("table", "jobs_queue_url")
        self._current = settings
        self._wire = Wire()
        self.intake = DoorIntake(self._wire, settings.cloud.table, settings.cloud.jobs_queue_url, clock)
        self._secrets = DoorSecrets(self._wire, redactor, settings.webhook_secrets)
        self._secrets.warm()
        self._wire.open("dynamodb", "sqs")

    def close(self) -> None:
        """Give the connections up."""
        self._wire.close()

    def settings(self) -> Settings:
        """With today's secrets; from here on the delivery's time runs. Raises TransientError."""
        self._wire.begin()
        secrets = self._secrets.values()
        if secrets is not self._current.webhook_secrets:
            self._current = self._current._replace(webhook_secrets=secrets)
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
