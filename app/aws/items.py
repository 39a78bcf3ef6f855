"""The single table: how keys and items look. Attribute values are in the low-level shape (`{"S": …}`, `{"N": …}`)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.events import CONTROL, WORKER
from app.ledger import GENESIS, Event
from app.ports.platform import Held, RunSummary
from app.runs import summary_row
from app.runs.stored_event import stored
from app.settings.retention_days import LEDGERS

Item = dict[str, Any]

BY_ACTIVITY, UNPUBLISHED = "by-activity", "unpublished"  # the two indexes, keys only
NEWS, WAITING = "UNPUBLISHED", "PARKED"  # the places in the second: to be shown; parked until the time that follows
TTL_ATTRIBUTE = "expires_at"
RETIRED = "retired"  # the attribute of a tombstone, and its place in the index

# On the items that the control side wrote. The worker's role may not write an attribute of this name
# (`dynamodb:Attributes` in template.yaml), so that IAM vouches for who wrote an event.
CONTROL_MARK = "control"

# DynamoDB's limits of one transaction: 100 items, 4 MB. Three are the head, the thread's row and the day's.
_MOST_EVENTS = 97

# An attempt that is let go on now charges today, tomorrow, and hardly ever on the day after.
_LETS_SPEND = frozenset({"run.admitted", "run.resumed"})
_DAYS_AHEAD = 3

_EVENT = re.compile(r"E#[0-9]{12}")

_DAY_KEPT_SECONDS = LEDGERS * 86_400  # as long as a ledger, by the settings' own measure

# An item holds 400 KB; an event's data beyond this goes to S3.
INLINE_BYTES = 256 * 1024


def event_key(run_id: str, seq: int) -> Item:
    return {"pk": {"S": f"RUN#{run_id}"}, "sk": {"S": f"E#{seq:012d}"}}


def head_key(run_id: str) -> Item:
    return {"pk": {"S": f"RUN#{run_id}"}, "sk": {"S": "HEAD"}}


def claim_key(key: str) -> Item:
    return {"pk": {"S": f"CLAIM#{key}"}, "sk": {"S": "-"}}


def counter_key(name: str) -> Item:
    return {"pk": {"S": f"COUNTER#{name}"}, "sk": {"S": "-"}}


def slots_key(key: str) -> Item:
    return {"pk": {"S": f"SLOTS#{key}"}, "sk": {"S": "-"}}


def slots_item(key: str, state: str, mark: str, expires_at: int) -> Item:
    return slots_key(key) | {"state": {"S": state}, "mark": {"S": mark}, TTL_ATTRIBUTE: {"N": str(expires_at)}}


def cell_key(key: str) -> Item:
    return {"pk": {"S": f"CELL#{key}"}, "sk": {"S": "-"}}


def tombstone(head: Item, ends: float | None = None) -> Item:
    """In place of the head of a run that is retired: by index until its ledger is deleted, then by itself until `ends`
    (epoch seconds), when nothing of the witness is left either.
    """
    item = {name: head[name] for name in ("pk", "sk", "seq")} | {RETIRED: {"BOOL": True}}
    item |= {"digest": {"S": RETIRED}, CONTROL_MARK: {"BOOL": True}}  # no event follows on that
    if ends is not None:
        return item | {TTL_ATTRIBUTE: {"N": str(math.ceil(ends))}}
    return item | {"summary": head["summary"], "gsi1pk": {"S": RETIRED}, "gsi1sk": head["gsi1sk"]}


def day_pk(repository_id: int | str, day: str) -> str:
    return f"DAY#{repository_id}#{day}"


def day_index(day: str) -> str:
    """Where the index has a day's rows of all repositories."""
    return f"DAY#{day}"


def day_item(summary: RunSummary, day: str, now: float) -> Item:
    """The row by which what was spent on a day is found."""
    repository_id = summary.thread_key.partition("#")[0]
    return {
        "pk": {"S": day_pk(repository_id, day)},
        "sk": {"S": summary.run_id},
        "gsi1pk": {"S": day_index(day)},
        "gsi1sk": {"S": f"{repository_id}#{summary.run_id}"},
        TTL_ATTRIBUTE: {"N": str(math.ceil(now) + _DAY_KEPT_SECONDS)},
    }


def check_sequence(run_id: str, expected_seq: int, events: Sequence[Event]) -> None:
    if not 0 < len(events) <= _MOST_EVENTS:
        raise ValueError(f"{len(events)} events cannot be appended in one transaction")
    for position, event in enumerate(events, start=expected_seq + 1):
        if event.run_id != run_id or event.seq != position:
            raise ValueError(f"event {event.seq} of {event.run_id} cannot stand at {position} of {run_id}")


def days_of(expected_seq: int, events: Sequence[Event], summary: RunSummary) -> set[str]:
    """The days by which a run has to be found from now on: where it began, and others on which it may be charged. Its
    worker charges it and may write no such row, so they are written when it is let go on.
    """
    first = summary.created_at[:10]
    ours = [event for event in events if event.author != WORKER]
    days = {event.at[:10] for event in ours if event.at[:10] in summary.spent} - {first}
    for event in ours:
        if event.kind in _LETS_SPEND:
            days |= {(event.time + timedelta(days=ahead)).date().isoformat() for ahead in range(_DAYS_AHEAD)}
    return days | {first} if expected_seq == 0 else days


def thread_pk(thread_key: str) -> str:
    return f"THREAD#{thread_key}"


def run_of_index(item: Item, attribute: str) -> str:
    """The run's id behind an index row, whose sort key ends in it."""
    return str(item[attribute]["S"]).rpartition("#")[2]


def thread_key(summary: RunSummary) -> Item:
    return {"pk": {"S": thread_pk(summary.thread_key)}, "sk": {"S": f"RUN#{summary.created_at}#{summary.run_id}"}}


def run_of(item: Item) -> str:
    return str(item["pk"]["S"]).removeprefix("RUN#")


def thread_item(summary: RunSummary) -> Item:
    """The row by which a thread finds its runs, strongly consistent."""
    return thread_key(summary) | {CONTROL_MARK: {"BOOL": True}}


def head_is(seq: int, digest: str) -> Item:
    """What a write of the head has to find: the event before, or nothing before the first."""
    if seq == 0 and digest == GENESIS:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    at = {":seq": {"N": str(seq)}, ":digest": {"S": digest}}
    return {"ConditionExpression": "seq = :seq AND digest = :digest", "ExpressionAttributeValues": at}


def a_workers_head(refusal: Item) -> Item:
    """The head that a write was refused by, if a worker wrote it; else an empty one."""
    head: Item = refusal.get("Item", {})
    return {} if CONTROL_MARK in head else head


def head_is_still(head: Item) -> Item:
    """What a write has to find that puts another head in the place of this one: this very head, and its author."""
    names = ("seq", "digest", CONTROL_MARK)
    parts = [f"{name} = :{name}" if name in head else f"attribute_not_exists({name})" for name in names]
    values = {f":{name}": head[name] for name in names if name in head}
    return {"ConditionExpression": " AND ".join(parts)} | ({"ExpressionAttributeValues": values} if values else {})


def head_item(summary: RunSummary, last: Event) -> Item:
    """Head and summary of a run."""
    when = {"S": f"{summary.created_at}#{summary.run_id}"}
    mark = {CONTROL_MARK: {"BOOL": True}} if last.author == CONTROL else {}
    item = (
        mark
        | head_key(summary.run_id)
        | {
            "seq": {"N": str(last.seq)},
            "digest": {"S": last.digest},
            "summary": {"S": summary_row.text_of(summary)},
            "gsi1pk": {"S": summary.phase},
            "gsi1sk": when,
        }
    )
    return item | place_of(summary)


def place_of(summary: RunSummary) -> Item:
    """The keys of the sparse index, which holds a run while it has news that GitHub does not show, else while it is
    parked until some time; empty for others.
    """
    if summary.unpublished:
        return {"gsi2pk": {"S": NEWS}, "gsi2sk": {"S": f"{summary.created_at}#{summary.run_id}"}}
    if summary.phase != "parked" or not summary.park_until:
        return {}
    until = datetime.fromisoformat(summary.park_until).astimezone(UTC).isoformat()
    return {"gsi2pk": {"S": WAITING}, "gsi2sk": {"S": f"{until}#{summary.run_id}"}}


def summary_of(item: Item) -> RunSummary:
    return summary_row.read(_run_id(item), _text(item, "summary"))


def event_item(event: Event, data: str, blob: str = "") -> Item:
    """`data` is the event's JSON, or `blob` the digest under which S3 has it."""
    return event_key(event.run_id, event.seq) | {
        "at": {"S": event.at},
        "kind": {"S": event.kind},
        "previous": {"S": event.previous},
        "digest": {"S": event.digest},
    } | ({"blob": {"S": blob}} if blob else {"data": {"S": data}}) | (
        {CONTROL_MARK: {"BOOL": True}} if event.author == CONTROL else {}
    )  # fmt: skip


def is_event(item: Item) -> bool:
    """Whether its key is an event's: a worker may write beside them."""
    return _EVENT.fullmatch(str(item["sk"]["S"])) is not None


def event_of(item: Item, data: str, author: str) -> Event:
    return stored(
        run_id=_run_id(item),
        seq=int(item["sk"]["S"].removeprefix("E#")),
        at=_text(item, "at"),
        kind=_text(item, "kind"),
        data=data,
        previous=_text(item, "previous"),
        digest=_text(item, "digest"),
        author=author,
    )


def _run_id(item: Item) -> str:
    return str(item["pk"]["S"]).removeprefix("RUN#")


def _text(item: Item, name: str) -> str:
    """An attribute; "" when a worker left it out or made something else of it."""
    return str(item.get(name, {}).get("S", ""))


def claim_item(key: str, owner: str, now: float, ttl_seconds: float) -> Item:
    """Whole seconds, because DynamoDB's expiry reads no others: a claim may last up to one longer."""
    expires_at = math.ceil(round(now + ttl_seconds, 3))
    return claim_key(key) | {"owner": {"S": owner}, TTL_ATTRIBUTE: {"N": str(expires_at)}}


def held(item: Item) -> tuple[str, Held]:
    """A claim's key, and who holds or held it."""
    key = str(item["pk"]["S"]).removeprefix("CLAIM#")
    return key, Held(owner=str(item["owner"]["S"]), until=float(item[TTL_ATTRIBUTE]["N"]))


# What DynamoDB must find before a claim is written: none, or one that has run out (TTL deletes up to days later).
FREE = "attribute_not_exists(pk) OR expires_at <= :now"
FREE_OR_MINE = f"{FREE} OR #owner = :owner"
OWNER_NAME = {"#owner": "owner"}  # a reserved word there


def is_live(item: Item, now: float) -> bool:
    return float(item[TTL_ATTRIBUTE]["N"]) > now
