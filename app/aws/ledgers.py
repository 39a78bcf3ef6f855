"""The ledgers of all runs in the table: appended to in one transaction, read as far as they hang together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from app import log
from app.aws import items
from app.aws.authors import Authors
from app.aws.blobs import S3Blobs, Unfit
from app.aws.heads import S3Heads
from app.aws.items import Item
from app.aws.table import Table
from app.errors import Conflict, LamplighterError
from app.events import CONTROL, WORKER
from app.ledger import Event
from app.ports.platform import Clock, RunSummary

_MOST_BYTES = 3 * 1024 * 1024
_MOST_EVENT_BYTES = 32 * 2**20  # of one event's data: twenty thousand proposed paths are six megabytes


class Ledgers:
    """Thread-safe. Errors are those of `DynamoStore`."""

    def __init__(self, table: Table, blobs: S3Blobs, heads: S3Heads, clock: Clock) -> None:
        self._table = table
        self._blobs = blobs
        self._heads = heads
        self._clock = clock
        self._authors = Authors(table)

    def append(self, run_id: str, expected_seq: int, events: Sequence[Event], summary: RunSummary) -> None:
        """As the port says. Raises ValueError for events that do not follow one another or are more than 97."""
        items.check_sequence(run_id, expected_seq, events)
        last = events[-1]
        head = {"TableName": self._table.name, "Item": items.head_item(summary, last)}
        head["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        writes = [{"Put": head | items.head_is(expected_seq, events[0].previous)}] + [
            {"Put": {"TableName": self._table.name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
            for item in self._event_items(events)
        ]
        rows = [items.thread_item(summary)] if expected_seq == 0 else []
        rows += [items.day_item(summary, day, self._now()) for day in items.days_of(expected_seq, events, summary)]
        writes += [{"Put": {"TableName": self._table.name, "Item": row}} for row in rows]
        refused = self._table.transact(writes, "append to the ledger")
        if refused is not None and last.author == CONTROL and (wrong := self._wreck(refused[0], run_id, expected_seq)):
            # its events are numbered and never deleted, so that the new one's place vouches for what it follows
            writes[0] = {"Put": head | items.head_is_still(wrong)}
            refused = self._table.transact(writes, "append to the ledger")
        if refused is not None and not self._is_ours(refused, last):
            at_seq = refused[0].get("Item", {}).get("seq", {}).get("N", "0")
            raise Conflict(f"the ledger of {run_id} is at event {at_seq}, not {expected_seq}")
        try:
            self._heads.append(run_id, last.seq, last.digest)
        except LamplighterError as error:  # the events are written; a witness that is behind only vouches for less
            log.event("store.witness_failed", level=log.WARNING, run_id=run_id, reason=str(error))

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        first, last = items.event_key(run_id, after + 1), items.event_key(run_id, 10**12 - 1)
        rows = self._table.query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={":pk": first["pk"], ":first": first["sk"], ":last": last["sk"]},
            ConsistentRead=True,
        )
        found: list[Event] = []
        for row in filter(items.is_event, rows):
            event = self._event(row, self._authors.of(row, run_id))
            if event.seq != after + len(found) + 1:
                break  # what a worker wrote far ahead follows nothing; what is missing is known by the witness
            found.append(event)
        return found

    def _event(self, row: Item, author: str) -> Event:
        try:
            data = str(row["data"]["S"]) if "data" in row else self._long(items.run_of(row), row["blob"]["S"])
        except (KeyError, UnicodeDecodeError, Unfit):
            if author != WORKER:
                raise
            data = ""  # it is a worker's word, and there is none
        return items.event_of(row, data, author)

    def _long(self, run_id: str, digest: str) -> str:
        return self._blobs.get_event(run_id, digest, most_bytes=_MOST_EVENT_BYTES).decode()

    def _wreck(self, refusal: Item, run_id: str, expected_seq: int) -> Item:
        """The head that a worker set to where no event is; an empty item when somebody was only quicker."""
        head = items.a_workers_head(refusal)
        return {} if head and self._table.get(items.event_key(run_id, expected_seq + 1)) else head

    def _event_items(self, events: Sequence[Event]) -> Iterator[Item]:
        texts = [json.dumps(event.data, separators=(",", ":"), allow_nan=False) for event in events]
        room = min(items.INLINE_BYTES, _MOST_BYTES // len(events))
        for event, text in zip(events, texts, strict=True):
            blob = self._blobs.put_event(event.run_id, text.encode()) if len(text) > room else ""
            yield items.event_item(event, text, blob)

    def _is_ours(self, refused: Sequence[Item], last: Event) -> bool:
        """After a lost answer boto3 asks again and is refused by what the first request wrote."""
        if not any(reason.get("repeated") for reason in refused):
            return False
        written = self._table.get(items.event_key(last.run_id, last.seq))
        return written is not None and written["digest"]["S"] == last.digest

    def _now(self) -> float:
        return self._clock.now().timestamp()
