"""The ports: only where production ships two adapters (AWS and one machine). One contract suite each.

GitHub has one adapter and therefore no port; it has a simulator at HTTP level. The longest port, the sandbox, and
others have files of their own and are offered here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.ledger import Event
from app.ports.keeping import Keeping
from app.ports.model import Clearing, Effort, Model, ModelReply, ModelRequest
from app.ports.rate import Pace
from app.ports.sandbox import Egress, EgressRequest, Execution, FileEntry, Limits, Manifest, Sandbox, SandboxHost

__all__ = [
    "Claims",
    "Clearing",
    "Clock",
    "Effort",
    "Egress",
    "EgressRequest",
    "Execution",
    "FileEntry",
    "Held",
    "Intake",
    "Keeping",
    "Launcher",
    "Limits",
    "Manifest",
    "Message",
    "Model",
    "ModelReply",
    "ModelRequest",
    "Outbox",
    "Queue",
    "RunStore",
    "RunSummary",
    "Sandbox",
    "SandboxHost",
    "Store",
    "Token",
    "Tokens",
]


class Clock(Protocol):
    """Time, so that tests can hold it."""

    def now(self) -> datetime: ...  # aware, UTC

    def monotonic(self) -> float:
        """Seconds since some moment of this process's own: no NTP, no suspended laptop moves them. For durations."""

    def sleep(self, seconds: float) -> None: ...


# ---------------------------------------------------------------- Queue


@dataclass(frozen=True, kw_only=True)
class Message:
    id: str
    body: str
    group: str
    receipt: str  # of this receive; acknowledging with an older receipt does nothing
    attempt: int  # 1 on the first receive


class Outbox(Protocol):
    """The sending half of a queue."""

    def send(self, body: str, *, group: str, dedup_id: str) -> None:
        """Enqueue; a `dedup_id` seen in the last five minutes is dropped. Raises TransientError."""


class Queue(Outbox, Protocol):
    """At-least-once, first in first out within a group: while a message of a group is in flight, its followers wait."""

    def receive(self, *, limit: int = 10, visibility_seconds: float = 300) -> list[Message]: ...

    def ack(self, message: Message) -> None: ...

    def extend(self, message: Message, *, visibility_seconds: float) -> None: ...

    def retry(self, message: Message, *, delay_seconds: float) -> None:
        """Give the message back; after `max_attempts` receives it becomes a dead letter instead."""

    def depth(self) -> int:
        """About how many messages wait, are delayed or in flight; dead letters not counted."""

    def dead_letters(self) -> list[Message]: ...

    def redrive(self) -> int:
        """Move the dead letters back; returns how many."""


# ---------------------------------------------------------------- Store


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The index row of a run, written in the same transaction as the events it sums up."""

    run_id: str
    thread_key: str
    repository: str
    number: int
    title: str
    phase: str
    reason: str  # why it waits or how it ended: queue reason, park reason or outcome
    requester: str
    attempt: int  # the newest that started
    cost_usd: float
    created_at: str
    updated_at: str
    seq: int
    head: str
    unpublished: bool  # events after the last one the publisher has seen
    park_until: str | None = None
    installation_id: int = 0
    launched: int | None = None  # the newest attempt a worker was asked for; None in a row of an older version
    kept: bool | None = None  # it ended with a finished change that is no pull request; None: an older version's row
    question: str | None = None  # how the question begins that is open
    asked_at: str | None = None
    landed: Mapping[str, Any] | None = None  # how its pull request ended: `app.runs.state.landing.Landing.row`
    spent: Mapping[str, float] = field(default_factory=dict)  # US dollars by the day (UTC) on which they were charged

    def spent_on(self, day: str) -> float:
        """US dollars charged on a day; an older version's row knows only the total: it counts where the run began."""
        return max(0.0, self.spent.get(day, 0.0)) if self.spent or self.created_at[:10] != day else self.cost_usd


@dataclass(frozen=True, kw_only=True)
class Held:
    """A claim, also one that has run out: `until` is when it ends or ended, in epoch seconds by its holder's clock."""

    owner: str
    until: float


class Claims(Protocol):
    """Who holds what for how long."""

    def claim_all(self, keys: Sequence[str], owner: str, *, ttl_seconds: float) -> str | None:
        """Claim all `keys` in one write, or none of them when one is held: its holder is returned, be it `owner`."""

    def claimed_by(self, key: str) -> str | None:
        """The owner of an unexpired claim."""

    def holders(self, keys: Sequence[str]) -> Mapping[str, Held]:
        """Any number of claims at once, by key; those that were given up are not in it, nor some that have run out."""

    def release(self, key: str, owner: str) -> None:
        """Give up a claim; nothing happens when another owner holds it."""


class Intake(Protocol):
    """All that the door needs of the platform: to hand a job on, and to know whether it came before."""

    def take(
        self, message: str, *, group: str, dedup_id: str, claims: Sequence[str], owner: str, ttl_seconds: float
    ) -> str | None:
        """Send the message, and claim all of `claims` or none of them when one is held: its holder is returned.

        In any order, or at the same time: a message may be in the queue without its claims, and claims may be held
        without a message, when this raises (TransientError, or what the adapter breaks with) or the process dies.
        """

    def forget(self, claims: Sequence[str], owner: str) -> None:
        """Give up those of `claims` that `owner` holds."""


class RunStore(Protocol):
    """What the work on one run needs; a worker gets no more (`app.runs.worker_store`)."""

    def append(self, run_id: str, expected_seq: int, events: Sequence[Event], summary: RunSummary) -> None:
        """Append `events` (seq expected_seq+1 …) and replace the summary, all or nothing; witness the new head.

        Raises Conflict when the head is not at `expected_seq`.
        """

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        """Those after `after`, each with its author as far as the platform can vouch for one."""

    def put_blob(self, data: bytes) -> str:
        """Store by SHA-256 hex digest, which is returned. Idempotent, and never in place of other content."""

    def get_blob(self, digest: str) -> bytes:
        """Raises KeyError for an unknown digest."""

    def claim(self, key: str, owner: str, *, ttl_seconds: float) -> bool:
        """True when `owner` holds `key` for the next `ttl_seconds` (taken, or renewed when already its own)."""

    def release(self, key: str, owner: str) -> None:
        """Give up a claim; nothing happens when another owner holds it."""


class Store(RunStore, Claims, Protocol):
    """Ledgers, blobs, claims with expiry, counters."""

    def witness(self, run_id: str) -> tuple[int, str] | None:
        """The last head recorded outside the ledger's own table."""

    def witnessed_runs(self) -> list[str]:
        """Every run a head was ever recorded of, oldest first where that is known."""

    def witness_problems(self) -> list[str]:
        """What was done to the witness itself, in sentences; empty when it is whole."""

    def summary(self, run_id: str) -> RunSummary | None: ...

    def summaries(self, run_ids: Sequence[str]) -> list[RunSummary]:
        """The rows of those that exist, of any number at once, as they are now, in any order."""

    def due(self, now: datetime) -> list[RunSummary]:
        """The rows that the clock has something to do about (`app.runs.read_model.is_due`), the oldest first; those of
        runs that changed within the last second may be missing.
        """

    def runs(
        self,
        *,
        active: bool | None = None,
        thread_key: str | None = None,
        unpublished: bool | None = None,
        prefix: str = "",
        limit: int | None = 1000,
    ) -> list[RunSummary]:
        """Newest first, so that `limit` cuts off the oldest (None: nothing); `active` selects phases other than `ended`
        (True) or only `ended` (False), `unpublished` those with (True) or without (False) news that GitHub does not
        show, `prefix` those whose id begins so. A run appended to before this call is in the answer for its
        `thread_key`; without one the answer may be a second old.
        """

    def count(self, phase: str) -> int:
        """How many runs are in a phase; may be a second old."""

    def charged_on(self, repository_id: int | None, day: str) -> list[RunSummary]:
        """The runs of a repository that cost something on a day (UTC, as 2026-03-02), in any order; every charge that
        was appended before this call is in them. Without a repository those of all, which may be a second old.
        """

    def cell(self, key: str) -> str:
        """The text kept under `key` as it is now; "" when there is none."""

    def swap_cell(self, key: str, old: str, new: str) -> bool:
        """Replace the text under `key` when it is still `old` ("": none yet); whether it was."""

    def add(self, counter: str, amount: int) -> int:
        """Add atomically (0 reads); returns the new value."""

    def take_slot(self, key: str, pace: Pace, *, priority: int = 0, within_seconds: float) -> float:
        """A moment (epoch seconds) that nobody else gets for `key`, the first that is free for `priority` (0 goes
        first) and not farther away than `within_seconds`. Raises TransientError, with when to come back.
        """

    def hold_slots(self, key: str, pace: Pace, *, until: float) -> None:
        """Nobody gets a moment for `key` before `until` (epoch seconds). A hold that ends sooner changes nothing."""

    def slots(self, key: str) -> str:
        """Where the moments of `key` stand now, as `app.ports.rate` reads it; "" when none was taken."""


# ---------------------------------------------------------------- Launcher, Tokens


class Launcher(Protocol):
    """Starts workers, one per (run, attempt)."""

    def start(self, run_id: str, attempt: int) -> None:
        """Idempotent per (run, attempt). Raises TransientError when there is no room just now."""

    def running(self, run_ids: Sequence[str]) -> Mapping[str, bool | None]:
        """Whether the worker of each run's newest attempt lives; None where the platform cannot tell. Of any number at
        once, for as few calls as the platform takes.
        """

    def stop(self, run_id: str) -> None:
        """Ask the worker to stop (SIGTERM, then the platform's grace)."""


@dataclass(frozen=True, kw_only=True)
class Token:
    value: str
    expires_at: datetime


class Tokens(Protocol):
    """What a worker may ask for: a read token for its own run's repository."""

    def read_token(self, run_id: str, repository_id: int, *, fresh: bool = False) -> Token:
        """`fresh`: another one than before, which GitHub refused. Raises UserError for a run that is unknown, not
        active or of another repository, TransientError when GitHub is not reachable.
        """
