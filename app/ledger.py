"""A run is its ledger: an append-only, hash-chained sequence of events.

Pure: no IO, no clock. The vocabulary of events is `app.events`; `app.runs.state` folds them into the state of a run,
`app.agent.transcript` into the conversation with the model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.events import CONTROL, RECORDS, UNKNOWN, Record, may_say, read

GENESIS = "0" * 64


def canonical(value: Any) -> bytes:
    """The one byte form of JSON-shaped `value` that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One fact about a run. `digest` covers everything else, `previous` is the digest of the event before."""

    run_id: str
    seq: int  # from 1, without gaps
    at: str  # UTC, ISO 8601
    kind: str
    data: Mapping[str, Any]
    previous: str
    digest: str
    # Whose word it is, as the platform vouches for it; beside the chain, because whoever writes could claim anything.
    author: str = field(default=UNKNOWN, compare=False)
    fault: str = field(
        default="", compare=False
    )  # what is wrong with the shape of a worker's event (`app.runs.stored_event`)

    @classmethod
    def make(
        cls,
        *,
        run_id: str,
        seq: int,
        at: datetime,
        kind: str,
        data: Mapping[str, Any],
        previous: str,
        author: str = CONTROL,
    ) -> Event:
        """Raises KeyError for a kind that is not in the vocabulary."""
        RECORDS[kind]
        stamp = at.astimezone(UTC).isoformat(timespec="milliseconds")
        digest = _digest(run_id, seq, stamp, kind, data, previous)
        return cls(
            run_id=run_id, seq=seq, at=stamp, kind=kind, data=data, previous=previous, digest=digest, author=author
        )

    @property
    def record(self) -> Record:
        """What it says, typed. Raises pydantic.ValidationError when that is damaged; of a worker's see `fault`."""
        return read(self.kind, self.data)

    @property
    def is_rightful(self) -> bool:
        """Whether it is to be heeded: its author may say this, and says it in its shape. What is not is in the ledger,
        and means nothing.
        """
        return may_say(self.author, self.kind) and not self.fault

    @property
    def objection(self) -> str:
        """Why it is not rightful, as the end of a sentence; quotes nothing of it."""
        right = "" if may_say(self.author, self.kind) else "was written by a worker, who has no right to it"
        return f"is malformed, as its worker wrote it ({self.fault})" if self.fault else right

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.at)


def _digest(run_id: str, seq: int, at: str, kind: str, data: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256(canonical([run_id, seq, at, kind, data, previous])).hexdigest()


def _is_as_written(event: Event) -> bool:
    try:
        told = _digest(event.run_id, event.seq, event.at, event.kind, event.data, event.previous)
    except (ValueError, RecursionError):  # what has no canonical form was not written by `make`
        return False
    return told == event.digest


def verify_chain(run_id: str, events: Sequence[Event], witness: tuple[int, str] | None) -> list[str]:
    """What is wrong with a ledger, in sentences; empty when it is whole.

    `witness` is the last (seq, digest) recorded outside the ledger: without it a cut-off tail cannot be seen.
    """
    problems: list[str] = []
    previous = GENESIS
    for position, event in enumerate(events, start=1):
        if event.run_id != run_id:
            problems.append(f"event {position} belongs to run {event.run_id}")
        if event.seq != position:
            problems.append(f"event {event.seq} stands where {position} was expected: removed or reordered")
        if event.previous != previous:
            problems.append(f"event {event.seq} does not follow the event before it: changed, removed or reordered")
        if not _is_as_written(event):
            problems.append(f"event {event.seq} ({event.kind}) was changed after it was written")
        if not event.is_rightful:
            problems.append(f"event {event.seq} ({event.kind}) {event.objection}")
        previous = event.digest
    if witness is not None:
        seq, digest = witness
        if len(events) < seq:
            problems.append(f"the ledger ends at event {len(events)}, but event {seq} was witnessed: cut off")
        elif seq and events[seq - 1].digest != digest:
            problems.append(f"event {seq} is not the one that was witnessed")
    return problems
