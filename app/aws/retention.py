"""`AwsKeeping`: ledgers whose time is over, deleted from table and bucket; contents go by the bucket's own rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice

from app.aws import items
from app.aws.blobs import LEDGERS, S3Blobs
from app.aws.clients import Clients, translated
from app.aws.items import Item
from app.aws.table import Table
from app.ports.platform import Clock

_AT_ONCE = 100  # writes of one transaction, keys of one read

# The bucket hides heads when their lock ends and keeps what is hidden for 30 days; until then they still name the run.
_TOMBSTONE_SECONDS = 90 * 86_400.0


class AwsKeeping:
    """Implements `ports.Keeping`. Errors are the table's and the bucket's; only the clock's role may do it."""

    def __init__(self, clients: Clients, table: str, bucket: str, clock: Clock) -> None:
        self._table = Table(clients.get("dynamodb"), table, clock)
        self._s3 = clients.get("s3")
        self._bucket = bucket
        self._blobs = S3Blobs(self._s3, bucket, clock)
        self._clock = clock

    def close(self) -> None:
        """Nothing to give back: the clients are the process's."""

    def renew(self, digests: Collection[str]) -> None:
        for digest in digests:
            self._blobs.renew(digest)

    def expire(self, before: datetime, *, at_work: Collection[str]) -> int:  # noqa: ARG002 - the bucket does it
        return 0

    def ended_before(self, before: datetime, *, limit: int) -> list[str]:
        """A run that began later cannot have ended before; most of those that began before have."""
        found = list(islice(self._index(items.RETIRED), limit))
        older = self._index("ended", before.isoformat())
        while len(found) < limit and (batch := list(islice(older, _AT_ONCE))):
            rows = self._table.get_many([items.head_key(run_id) for run_id in batch])
            ended = {run.run_id: run for run in (items.summary_of(row) for row in rows if items.RETIRED not in row)}
            found += [name for name in batch if name in ended and ended[name].updated_at < before.isoformat()]
        return found[:limit]

    def retire(self, run_id: str) -> None:
        """First the tombstone, by which it is found again when this is interrupted; in the end only that is left."""
        head = self._table.get(items.head_key(run_id))
        if head is None or "summary" not in head:
            return
        run = items.summary_of(head)
        if run.phase != "ended":
            raise ValueError(f"{run_id} has not ended")
        if items.RETIRED not in head:
            found, head = items.head_is_still(head), items.tombstone(head)
            if self._table.write_if("put_item", "retire a run", Item=head, **found) is None:
                return  # somebody appended to it just now
        keys = self._events(run_id)
        while batch := list(islice(keys, _AT_ONCE)):
            self._delete(batch)
        self._delete_contents(run_id)
        self._delete([items.thread_key(run)])
        ends = self._clock.now().timestamp() + _TOMBSTONE_SECONDS
        self._table.write_if("put_item", "retire a run", Item=items.tombstone(head, ends))

    def kept_of(self, installation_id: int) -> list[int]:  # noqa: ARG002 - a worker's disk goes with it
        return []

    def forget(self, repository_id: int) -> None:
        """Nothing is kept."""

    def _index(self, phase: str, before: str = "") -> Iterator[str]:
        """Runs of a phase that began before then, the oldest first."""
        values = {":pk": {"S": phase}} | ({":before": {"S": before}} if before else {})
        rows = self._table.query(
            IndexName=items.BY_ACTIVITY,
            KeyConditionExpression="gsi1pk = :pk" + (" AND gsi1sk < :before" if before else ""),
            ExpressionAttributeValues=values,
            Limit=_AT_ONCE,
        )
        return (items.run_of_index(row, "gsi1sk") for row in rows)

    def _events(self, run_id: str) -> Iterator[Item]:
        first = items.event_key(run_id, 0)
        return self._table.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
            ExpressionAttributeValues={":pk": first["pk"], ":event": {"S": "E#"}},
            ProjectionExpression="pk, sk",
        )

    def _delete_contents(self, run_id: str) -> None:
        with translated("delete a ledger's contents"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{LEDGERS}{run_id}/"
            )
            for key in [item["Key"] for page in pages for item in page.get("Contents", [])]:
                self._s3.delete_object(Bucket=self._bucket, Key=key)

    def _delete(self, keys: list[Item]) -> None:
        self._table.transact([{"Delete": {"TableName": self._table.name, "Key": key}} for key in keys], "delete")
