"""Which runs there are, by the table's indexes, and their summaries as they are now."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, get_args

from app.aws import items
from app.aws.items import Item
from app.aws.table import BATCH, Table
from app.ports.platform import RunSummary
from app.runs.read_model import just_after
from app.runs.state.run_state import Phase


class RunLists:
    """Errors are the table's."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._is_placed = False

    def retired(self, run_ids: Sequence[str]) -> set[str]:
        """Those with a tombstone."""
        rows = self._table.get_many([items.head_key(run_id) for run_id in run_ids])
        return {items.run_of(row) for row in rows if items.RETIRED in row}

    def run_ids(self, *, active: bool | None, thread_key: str | None, unpublished: bool | None) -> Iterator[str]:
        """Newest first, by the narrowest way there is."""
        if thread_key is not None:
            values = {":pk": {"S": items.thread_pk(thread_key)}}
            rows = self._table.query(
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                ScanIndexForward=False,
            )
            return (items.run_of_index(row, "sk") for row in rows)
        if unpublished:
            return (items.run_of_index(row, "gsi2sk") for row in self._newest(items.UNPUBLISHED, "gsi2pk", items.NEWS))
        phases = [phase for phase in get_args(Phase) if active is None or (phase != "ended") == active]
        lists = [self._newest(items.BY_ACTIVITY, "gsi1pk", phase) for phase in phases]
        merged = heapq.merge(*lists, key=lambda row: str(row["gsi1sk"]["S"]), reverse=True)
        # A run that changes its phase between two of these queries is named by both; sorted, its names stand together.
        return (run_id for run_id, _ in groupby(items.run_of_index(row, "gsi1sk") for row in merged))

    def due_ids(self, now: datetime) -> list[str]:
        """With some that are not due, the oldest first but for those that waited."""
        self._place_older_rows()
        rows = [
            *self._index(items.UNPUBLISHED, "gsi2pk", items.WAITING, before=just_after(now)),
            *self._index(items.UNPUBLISHED, "gsi2pk", items.NEWS),
        ]
        names = [items.run_of_index(row, "gsi2sk") for row in rows]
        for phase in ("queued", "working"):
            names += [items.run_of_index(row, "gsi1sk") for row in self._index(items.BY_ACTIVITY, "gsi1pk", phase)]
        return list(dict.fromkeys(names))

    def charged_ids(self, repository_id: int | None, day: str) -> list[str]:
        """With some that were only let go on that day."""
        if repository_id is None:
            index = self._index(items.BY_ACTIVITY, "gsi1pk", items.day_index(day))
            return [items.run_of_index(row, "gsi1sk") for row in index]
        rows = self._table.query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": items.day_pk(repository_id, day)}},
            ConsistentRead=True,
        )
        return [str(row["sk"]["S"]) for row in rows]

    def _place_older_rows(self) -> None:
        """Parked runs whose row an older version wrote are put where they are looked for; once for each process."""
        if self._is_placed:
            return
        parked = [items.run_of_index(row, "gsi1sk") for row in self._index(items.BY_ACTIVITY, "gsi1pk", "parked")]
        for head in self._table.get_many([items.head_key(run_id) for run_id in parked]):
            place = items.place_of(items.summary_of(head))
            if place and items.RETIRED not in head and "gsi2pk" not in head:
                self._table.write_if("put_item", "place a run's row", Item=head | place, **items.head_is_still(head))
        self._is_placed = True

    def _newest(self, index: str, attribute: str, value: str) -> Iterator[Item]:
        """Page by page: the newest are wanted, and there may be a hundred thousand."""
        return self._index(index, attribute, value, ScanIndexForward=False, Limit=BATCH)

    def _index(self, index: str, attribute: str, value: str, *, before: str = "", **how: Any) -> Iterator[Item]:
        sort_key = attribute.replace("pk", "sk")
        return self._table.query(
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :pk" + (f" AND {sort_key} < :before" if before else ""),
            ExpressionAttributeValues={":pk": {"S": value}} | ({":before": {"S": before}} if before else {}),
            **how,
        )

    def summaries(self, run_ids: Sequence[str]) -> list[RunSummary]:
        rows = self._table.get_many([items.head_key(run_id) for run_id in dict.fromkeys(run_ids)])
        found = {run.run_id: run for run in (items.summary_of(row) for row in rows if items.RETIRED not in row)}
        return [found[run_id] for run_id in run_ids if run_id in found]
