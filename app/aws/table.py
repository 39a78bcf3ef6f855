"""The calls of one DynamoDB table, and what its refusals mean: a condition, another writer, too fast."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from app.aws.clients import code_of, is_throttling, translated, was_repeated
from app.aws.items import Item
from app.errors import TransientError
from app.ports.platform import Clock
from app.retry import Retry

BATCH = 100  # keys that one BatchGetItem takes

# Another transaction on the same item cancels ours; it is over within milliseconds.
_BUSY = Retry.doubling(8, first_seconds=0.02, longest_seconds=1.28, spread=0.5)


class Table:
    """Thread-safe. Every call raises TransientError or UserError as `app.aws.clients.translated` says."""

    def __init__(self, dynamo: Any, name: str, clock: Clock) -> None:
        self._dynamo = dynamo
        self._clock = clock
        self.name = name

    def get(self, key: Item) -> Item | None:
        """One item as it is now."""
        with translated("read the table"):
            found: Item | None = self._dynamo.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        return found

    def get_many(self, keys: Sequence[Item]) -> Iterator[Item]:
        """Those of different items that exist, as they are now, in any order; a hundred for each call."""
        for first in range(0, len(keys), BATCH):
            yield from self._get_batch(keys[first : first + BATCH])

    def _get_batch(self, keys: Sequence[Item]) -> Iterator[Item]:
        wanted = {self.name: {"Keys": list(keys), "ConsistentRead": True}}
        for _pause in _BUSY.tries(self._clock.sleep):
            if not wanted:
                return
            with translated("read the table"):
                answer = self._dynamo.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(self.name, [])
            wanted = answer.get("UnprocessedKeys") or {}
        if wanted:
            raise TransientError("Could not read the table: DynamoDB slows us down.", retry_after_seconds=5)

    def query(self, **request: Any) -> Iterator[Item]:
        """All pages of a query; a page is asked for when it is needed."""
        for page in self._pages(request):
            yield from page["Items"]

    def count(self, **request: Any) -> int:
        """How many items a query finds; no item is sent."""
        return sum(int(page["Count"]) for page in self._pages(request | {"Select": "COUNT"}))

    def _pages(self, request: Item) -> Iterator[Item]:
        """boto3's paginator takes a third of a millisecond to be made, for queries that nearly all have one page."""
        start: Item = {}
        while True:
            with translated("read the table"):
                page: Item = self._dynamo.query(TableName=self.name, **request, **start)
            yield page
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def write_if(self, operation: str, doing: str, **request: Any) -> Item | None:
        """DynamoDB's answer to `put_item`, `update_item` or `delete_item`; None when its condition did not hold."""
        for _pause in _BUSY.tries(self._clock.sleep):
            with translated(doing):
                try:
                    answer: Item = getattr(self._dynamo, operation)(TableName=self.name, **request)
                    return answer
                except ClientError as error:
                    if code_of(error) == "ConditionalCheckFailedException":
                        return None
                    if code_of(error) != "TransactionConflictException":
                        raise
        raise _busy(doing)

    def transact(self, writes: Sequence[Item], doing: str) -> list[Item] | None:
        """None when it was done; when a condition did not hold, DynamoDB's reasons, one for each write, with
        `repeated` true when an earlier request of this very call may have been carried out.
        """
        repeated = False
        for _pause in _BUSY.tries(self._clock.sleep):
            token = os.urandom(16).hex()  # makes boto3's own repetition harmless; after a refusal it is a new request
            with translated(doing):
                try:
                    self._dynamo.transact_write_items(TransactItems=writes, ClientRequestToken=token)
                    return None
                except ClientError as error:
                    if code_of(error) != "TransactionCanceledException":
                        raise
                    repeated = repeated or was_repeated(error)
                    reasons: list[Item] = error.response.get("CancellationReasons", [])
                    codes = {reason.get("Code") or "None" for reason in reasons}
                    if "ConditionalCheckFailed" in codes:
                        return [reason | {"repeated": repeated} for reason in reasons]
                    if any(is_throttling(code) for code in codes):
                        raise TransientError(
                            f"Could not {doing}: DynamoDB slows us down.", retry_after_seconds=5
                        ) from error
                    if "TransactionConflict" not in codes:
                        raise
        raise _busy(doing)


def _busy(doing: str) -> TransientError:
    return TransientError(f"Could not {doing}: others write the same items.", retry_after_seconds=2)
