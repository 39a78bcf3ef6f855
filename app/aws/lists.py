"""Which runs there are, by the table's indexes, and their summaries as they are now."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import get_args

from app.aws import items
from app.aws.items import Item
from app.aws.table import Table
from app.ports.platform import RunSummary
from app.runs.state.run_state import Phase

BATCH = 100  # keys that one BatchGetItem takes


class RunLists:
    """Errors are the table's."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def retired(self, run_ids: Sequence[str]) -> set[str]:
        """Those with a tombstone."""
        retired: set[str] = set()
        for first in range(0, len(run_ids), BATCH):
            rows = self._table.get_many([items.head_key(run_id) for run_id in run_ids[first : first + BATCH]])
            retired |= {items.run_of(row) for row in rows if items.RETIRED in row}
        return retired

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
            return (
                items.run_of_index(row, "gsi2sk") for row in self._index(items.UNPUBLISHED, "gsi2pk", "UNPUBLISHED")
            )
        phases = [phase for phase in get_args(Phase) if active is None or (phase != "ended") == active]
        lists = [self._index(items.BY_ACTIVITY, "gsi1pk", phase) for phase in phases]
        merged = heapq.merge(*lists, key=lambda row: str(row["gsi1sk"]["S"]), reverse=True)
        # A run that changes its phase between two of these queries is named by both; sorted, its names stand together.
        return (run_id for run_id, _ in groupby(items.run_of_index(row, "gsi1sk") for row in merged))

    def _index(self, index: str, attribute: str, value: str) -> Iterator[Item]:
        return self._table.query(
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :pk",
            ExpressionAttributeValues={":pk": {"S": value}},
            ScanIndexForward=False,
            Limit=BATCH,  # of a page: the newest are wanted, and there may be a hundred thousand
        )

    def summaries(self, run_ids: Sequence[str]) -> list[RunSummary]:
        rows = self._table.get_many([items.head_key(run_id) for run_id in dict.fromkeys(run_ids)])
        found = {run.run_id: run for run in (items.summary_of(row) for row in rows if items.RETIRED not in row)}
        return [found[run_id] for run_id in run_ids if run_id in found]
