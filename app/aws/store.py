"""`DynamoStore`: ledgers, claims and counters in one DynamoDB table, blobs and the witness in one S3 bucket."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from app.aws import items
from app.aws.blobs import S3Blobs
from app.aws.clients import Clients
from app.aws.heads import S3Heads
from app.aws.ledgers import Ledgers
from app.aws.lists import RunLists
from app.aws.slots import DynamoSlots
from app.aws.table import BATCH, Table
from app.ledger import Event
from app.ports.platform import Clock, Held, RunSummary
from app.ports.rate import Pace
from app.runs.read_model import is_due
from app.settings.retention_days import LEDGERS


class DynamoStore:
    """Implements `ports.Store` for any number of processes. Every call raises TransientError when AWS is away or
    slows us down, UserError when a part is missing or the role may not use it.
    """

    def __init__(
        self,
        clients: Clients,
        table: str,
        bucket: str,
        clock: Clock,
        ledger_days: int = LEDGERS,
        *,
        of_one_run: bool = False,
    ) -> None:
        """`of_one_run`: with a role that reaches one run's part alone, and is not told which objects there are."""
        s3 = clients.get("s3")
        self._table = Table(clients.get("dynamodb"), table, clock)
        self._clock = clock
        self._blobs = S3Blobs(s3, bucket, clock, may_list=not of_one_run)
        self._heads = S3Heads(s3, bucket, clock, ledger_days)
        self._ledgers = Ledgers(self._table, self._blobs, self._heads, clock)
        self._lists = RunLists(self._table)
        self._slots = DynamoSlots(self._table, clock)

    def close(self) -> None:
        """Nothing to give back: the clients are the process's."""

    # ------------------------------------------------------------ ledgers

    def append(self, run_id: str, expected_seq: int, events: Sequence[Event], summary: RunSummary) -> None:
        """As the port says. Raises ValueError for events that do not follow one another or are more than 97."""
        self._ledgers.append(run_id, expected_seq, events, summary)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        return self._ledgers.events(run_id, after)

    def witness(self, run_id: str) -> tuple[int, str] | None:
        return self._heads.head(run_id)

    def witnessed_runs(self) -> list[str]:
        """As the port says. A tombstone is believed only when the run's heads are as old as a retired ledger is."""
        found = self._heads.runs()
        retired = {run_id for run_id in self._lists.retired(found) if not self._heads.is_locked(run_id)}
        return [run_id for run_id in found if run_id not in retired]

    def witness_problems(self, run_id: str = "") -> list[str]:
        """What is wrong with the witness itself, of one run or of all, in sentences; empty when it is whole."""
        return self._heads.problems(run_id)

    # ------------------------------------------------------------ runs

    def summary(self, run_id: str) -> RunSummary | None:
        item = self._table.get(items.head_key(run_id))
        return items.summary_of(item) if item and items.RETIRED not in item else None

    def summaries(self, run_ids: Sequence[str]) -> list[RunSummary]:
        return self._lists.summaries(run_ids)

    def due(self, now: datetime) -> list[RunSummary]:
        found = [run for run in self._lists.summaries(self._lists.due_ids(now)) if is_due(run, now)]
        return sorted(found, key=lambda run: (run.created_at, run.run_id))

    def runs(
        self,
        *,
        active: bool | None = None,
        thread_key: str | None = None,
        unpublished: bool | None = None,
        prefix: str = "",
        limit: int | None = 1000,
    ) -> list[RunSummary]:
        """Two indexes may be a second behind; what they name is then read as it is now."""
        named = self._lists.run_ids(active=active, thread_key=thread_key, unpublished=unpublished)
        names = (run_id for run_id in named if run_id.startswith(prefix))
        found: list[RunSummary] = []
        most = math.inf if limit is None else limit
        while len(found) < most and (batch := list(islice(names, int(min(BATCH, most - len(found)))))):
            found += [
                run
                for run in self._lists.summaries(batch)
                if (active is None or (run.phase != "ended") == active)
                and (unpublished is None or run.unpublished == unpublished)
            ]
        return found

    def count(self, phase: str) -> int:
        return self._table.count(
            IndexName=items.BY_ACTIVITY,
            KeyConditionExpression="gsi1pk = :pk",
            ExpressionAttributeValues={":pk": {"S": phase}},
        )

    def charged_on(self, repository_id: int | None, day: str) -> list[RunSummary]:
        found = self._lists.summaries(self._lists.charged_ids(repository_id, day))
        return [run for run in found if run.spent_on(day)]

    def cell(self, key: str) -> str:
        item = self._table.get(items.cell_key(key))
        return str(item["content"]["S"]) if item else ""

    def swap_cell(self, key: str, old: str, new: str) -> bool:
        """False also when boto3 asked again after a lost answer and met its own write: look what is kept now."""
        answer = self._table.write_if(
            "put_item",
            "replace a kept text",
            Item=items.cell_key(key) | {"content": {"S": new}},
            ConditionExpression="content = :old" if old else "attribute_not_exists(pk)",
            **({"ExpressionAttributeValues": {":old": {"S": old}}} if old else {}),
        )
        return answer is not None

    # ------------------------------------------------------------ blobs

    def put_blob(self, data: bytes) -> str:
        return self._blobs.put(data)

    def get_blob(self, digest: str) -> bytes:
        return self._blobs.get(digest)

    # ------------------------------------------------------------ claims, counters

    def claim(self, key: str, owner: str, *, ttl_seconds: float) -> bool:
        now = self._now()
        claimed = self._table.write_if(
            "put_item",
            "claim",
            Item=items.claim_item(key, owner, now, ttl_seconds),
            ConditionExpression=items.FREE_OR_MINE,
            ExpressionAttributeNames=items.OWNER_NAME,
            ExpressionAttributeValues={":now": {"N": repr(now)}, ":owner": {"S": owner}},
        )
        return claimed is not None

    def claim_all(self, keys: Sequence[str], owner: str, *, ttl_seconds: float) -> str | None:
        now = self._now()
        writes = [
            {
                "Put": {
                    "TableName": self._table.name,
                    "Item": items.claim_item(key, owner, now, ttl_seconds),
                    "ConditionExpression": items.FREE,
                    "ExpressionAttributeValues": {":now": {"N": repr(now)}},
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for key in dict.fromkeys(keys)
        ]
        refused = self._table.transact(writes, "claim")
        if refused is None:
            return None
        return next(str(reason["Item"]["owner"]["S"]) for reason in refused if "Item" in reason)

    def claimed_by(self, key: str) -> str | None:
        item = self._table.get(items.claim_key(key))
        return str(item["owner"]["S"]) if item and items.is_live(item, self._now()) else None

    def holders(self, keys: Sequence[str]) -> dict[str, Held]:
        rows = self._table.get_many([items.claim_key(key) for key in dict.fromkeys(keys)])
        return dict(map(items.held, rows))

    def release(self, key: str, owner: str) -> None:
        self._table.write_if(
            "delete_item",
            "release a claim",
            Key=items.claim_key(key),
            ConditionExpression="#owner = :owner",
            ExpressionAttributeNames=items.OWNER_NAME,
            ExpressionAttributeValues={":owner": {"S": owner}},
        )

    def add(self, counter: str, amount: int) -> int:
        """A repetition of boto3's after a lost answer finds its own mark and adds nothing; only when another wrote in
        between is it counted twice.
        """
        if amount == 0:
            item = self._table.get(items.counter_key(counter))
            return int(item["value"]["N"]) if item else 0
        answer = self._table.write_if(
            "update_item",
            "count",
            Key=items.counter_key(counter),
            UpdateExpression="SET mark = :mark ADD #value :amount",
            ConditionExpression="attribute_not_exists(mark) OR mark <> :mark",
            ExpressionAttributeNames={"#value": "value"},
            ExpressionAttributeValues={":mark": {"S": os.urandom(16).hex()}, ":amount": {"N": str(amount)}},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["value"]["N"]) if answer else self.add(counter, 0)

    def take_slot(self, key: str, pace: Pace, *, priority: int = 0, within_seconds: float) -> float:
        return self._slots.take(key, pace, priority=priority, within_seconds=within_seconds)

    def hold_slots(self, key: str, pace: Pace, *, until: float) -> None:
        self._slots.hold(key, pace, until=until)

    def slots(self, key: str) -> str:
        return self._slots.read(key)

    # ------------------------------------------------------------ calls

    def _now(self) -> float:
        return self._clock.now().timestamp()
