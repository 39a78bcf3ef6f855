"""One run's ledger, open for reading on and appending: the store, the fold and the redactor held together.

Two things are said here, in one place, about secrets:

- A value that this process holds (a key, a token) is never stored. In what the model said and what its tools gave back
  it raises SecretHeld, because that must not be changed; everywhere else it is masked.
- What is only shaped like a secret stays as it came in the conversation with the model: a resumed run has to send the
  same bytes, and what was written is what is published. It is masked where people read (`app.log`, the publisher, the
  command line), and in all other events.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from app import log
from app.errors import Conflict, Superseded, TransientError
from app.events.parts import Blob
from app.events.record import Record
from app.ledger import Event, canonical
from app.log import Redactor
from app.ports.platform import Clock, Queue, RunStore, RunSummary
from app.retry import Retry
from app.runs.read_model import summarise
from app.runs.state import apply, fold
from app.runs.state.run_state import RunState

# How long a worker waits for a store that is away or slows it down; less than that would cost it what it has in memory,
# a model's reply above all. Everybody else has a queue that brings the message again.
_AWAY = Retry((1.0, 2.0, 4.0, 8.0, 15.0, 30.0))

# The events of a worker that say how long its attempt has lasted: enough of them that a death loses a command at most.
_MEASURED = frozenset(
    {"attempt.started", "stage.started", "stage.ended", "model.called", "tool.ran", "run.parked", "run.ended"}
)
# What the model is sent, now or later, to the byte.
CONVERSATION = frozenset(
    {
        "run.created", "conversation.opened", "model.replied", "tool.ran", "notice.given", "steer.received",
        "briefing.made", "question.asked", "question.answered", "breaking.reported", "finish.called", "proposal.made",
    }
)  # fmt: skip
UNALTERABLE = frozenset({"model.replied", "tool.ran"})
INLINE_BYTES = 16 * 1024  # a value above this goes into a blob: an item of the table holds 400 KB
_TELL_SECONDS = 60.0  # how often the publisher hears of events that are no news by themselves

_Got = TypeVar("_Got")


class SecretHeld(Exception):
    """Something that must be kept exactly holds a secret of ours; the text names no part of it."""

    def __init__(self) -> None:
        super().__init__("a secret that only the service should know")


class RunLedger:
    """Reads a run's events as they come and appends to them.

    A worker passes its `attempt`: once a newer attempt has started, every append raises Superseded. A worker also
    waits up to a minute for a store that is away; for others TransientError comes at once. With `publishing`, the
    publisher's queue, the publisher is told of what was appended: of news at once, of the rest once a minute.
    """

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        *,
        clock: Clock,
        redactor: Redactor,
        attempt: int | None = None,
        publishing: Queue | None = None,
    ) -> None:
        self.store = store
        self.run_id = run_id
        self.clock = clock
        self.redactor = redactor
        self.attempt = attempt
        self._began: float | None = None  # when this process began the attempt, by its monotonic clock
        self._opened = self._told = clock.monotonic()
        self._publishing = publishing
        self.state = RunState(run_id=run_id)
        self.events: list[Event] = []  # those that are to be heeded
        self._read: list[Event] = []  # all of them
        self.refresh()

    def refresh(self) -> list[Event]:
        """Read what others appended since; returns the new events."""
        new = self._patiently(lambda: self.store.events(self.run_id, after=self.state.seq))
        for event in new:
            self._take(event)
        return new

    def append(self, said: Record) -> Event:
        """Append one event at the head, reading on when another writer was first. Raises Superseded, SecretHeld."""
        event = self.append_if(lambda _state: True, said)
        assert event is not None
        return event

    def append_if(self, guard: Callable[[RunState], bool], said: Record) -> Event | None:
        """Append only while `guard(state)` holds for the newest state; None when it does not."""
        data = self._as_kept(said)
        while True:
            if self.attempt is not None and self.state.attempt > self.attempt:
                raise Superseded(f"attempt {self.state.attempt} has taken over from attempt {self.attempt}")
            if not guard(self.state):
                return None
            event = Event.make(
                run_id=self.run_id,
                seq=self.state.seq + 1,
                at=self.clock.now(),
                kind=said.kind,
                data=data,
                previous=self.state.head,
            )
            self._take(event)
            try:
                self._write(event)
            except Conflict:
                self._forget_last()
                if not self.refresh():
                    raise  # the head is elsewhere, yet nothing follows: the ledger was cut off
                continue
            except BaseException:
                self._forget_last()
                raise
            if said.is_news or self.clock.monotonic() - self._told >= _TELL_SECONDS:
                self.announce()
            return event

    def _as_kept(self, said: Record) -> dict[str, Any]:
        """What the ledger is to say, as it will be read: the first worker sends what a second one would."""
        kind, data = said.kind, said.data()
        if kind == "attempt.started" and self.attempt is not None:
            self._began = self.clock.monotonic()
        if self._began is not None and kind in _MEASURED:
            data["worked_seconds"] = round(self.clock.monotonic() - self._began, 3)
        if kind in UNALTERABLE and self.redactor.holds(data):
            raise SecretHeld
        masked = self.redactor.without_held(data) if kind in CONVERSATION else self.redactor.data(data)
        kept: dict[str, Any] = json.loads(canonical(masked))
        return kept

    def announce(self) -> None:
        """Tell the publisher to look at the run. Losing this costs a delay, never the news: the schedule finds runs
        whose summary says `unpublished`.
        """
        if self._publishing is not None:
            self._told = self.clock.monotonic()
            announce(self._publishing, summarise(self.state))

    def worked_seconds(self) -> float:
        """Working time of the run until now: not the wall clock's, which NTP and people move."""
        if self._began is not None:
            return self.state.working_seconds + self.clock.monotonic() - self._began
        opened = self._opened if self.state.phase == "working" else self.clock.monotonic()
        return self.state.worked_seconds + self.clock.monotonic() - opened

    def blob(self, content: str | bytes) -> Blob:
        """Store `content` by digest; text is redacted, bytes are not."""
        data = self.redactor.text(content).encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        return Blob(blob=self._patiently(lambda: self.store.put_blob(data)), size=len(data))

    def kept(self, value: Any) -> Any:
        """JSON-shaped `value` for an event, exactly; a reference when it is long. Raises SecretHeld."""
        if self.redactor.holds(value):
            raise SecretHeld
        packed = canonical(value)
        return value if len(packed) <= INLINE_BYTES else self.blob(packed)

    def read(self, reference: Any) -> Any:
        """The JSON value behind a blob reference; anything else is returned as it is."""
        if isinstance(reference, dict) and set(reference) == {"blob", "size"}:
            reference = Blob(**reference)
        return json.loads(self.store.get_blob(reference.blob)) if isinstance(reference, Blob) else reference

    def _write(self, event: Event) -> None:
        """The same event again and again: the store knows one that it has already."""
        summary = summarise(self.state)
        self._patiently(lambda: self.store.append(self.run_id, event.seq - 1, [event], summary))

    def _patiently(self, do: Callable[[], _Got]) -> _Got:
        if self.attempt is None:
            return do()
        return _AWAY.call(do, self.clock.sleep, on=TransientError, waits=self._waits)

    def _waits(self, error: Exception, seconds: float) -> None:
        log.event("ledger.waits", level=log.WARNING, run=self.run_id, reason=str(error), seconds=seconds)

    def _take(self, event: Event) -> None:
        self._read.append(event)
        if event.is_rightful:
            self.events.append(event)
        apply(self.state, event)

    def _forget_last(self) -> None:
        """Undo a `_take` whose append did not happen. Rare, so folding again is cheap enough."""
        self._read.pop()
        self.events = [event for event in self._read if event.is_rightful]
        self.state = fold(self.run_id, self._read)


def announce(publishing: Queue, run: RunSummary, *, again: str = "") -> None:
    """`again` tells a repetition from the first time, which the queue remembers for five minutes."""
    try:
        publishing.send(
            json.dumps({"run_id": run.run_id}), group=run.thread_key, dedup_id=f"{run.run_id}:{run.seq}{again}"
        )
    except TransientError as error:
        log.event("announce.failed", error=error, run=run.run_id)
