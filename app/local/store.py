"""`SqliteStore`: ledgers, claims and counters in one SQLite file, blobs as files, the witness beside them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app import log
from app.errors import Conflict, TransientError
from app.local.blobs import Blobs
from app.local.folders import private
from app.local.heads import FIRST, HeadsLog
from app.local.schema import COLUMNS, DUE, database

if TYPE_CHECKING:  # the door opens a store too, and has no use for their dataclasses
    from datetime import datetime

    from app.ledger import Event
    from app.ports.platform import Clock, Held, RunSummary
    from app.ports.rate import Pace


class SqliteStore:
    """Implements `ports.Store` for any number of threads and processes of one machine.

    Raises UserError when `home` cannot be used or the database is damaged, TransientError when it stays locked or the
    disk is full.
    """

    def __init__(self, home: Path, clock: Clock) -> None:
        private(home)
        self._clock = clock
        self._database = database(home)
        self._blobs = Blobs(home / "blobs", clock)
        self._heads = HeadsLog(home / "heads.log")

    def close(self) -> None:
        """Close the idle connections."""
        self._database.close()

    # ------------------------------------------------------------ ledgers

    def append(self, run_id: str, expected_seq: int, events: Sequence[Event], summary: RunSummary) -> None:
        """As the port says. Raises ValueError for events that do not follow one another."""
        from app.runs.summary_row import text_of  # noqa: PLC0415

        _check_sequence(run_id, expected_seq, events)
        with self._database.write() as connection:
            head = _head(connection, run_id)
            if head != (expected_seq, events[0].previous):
                raise Conflict(f"the ledger of {run_id} is at event {head[0]}, not {expected_seq}")
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(_row, events))
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?) ON CONFLICT (run_id) DO UPDATE SET"
                " thread_key = excluded.thread_key, active = excluded.active, created_at = excluded.created_at,"
                " summary = excluded.summary",
                (run_id, summary.thread_key, summary.phase != "ended", summary.created_at, text_of(summary)),
            )
        try:
            self._heads.append(run_id, events[-1].seq, events[-1].digest)
        except OSError as error:  # the events are written; a witness that is behind only vouches for less
            log.event("store.witness_failed", level=log.WARNING, run_id=run_id, reason=str(error))

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        from app.runs.stored_event import stored  # noqa: PLC0415

        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM events WHERE run_id = ? AND seq > ? ORDER BY seq",  # noqa: S608
                (run_id, after),
            ).fetchall()
        return [stored(**dict(zip(COLUMNS, row, strict=True))) for row in rows]

    def witness(self, run_id: str) -> tuple[int, str] | None:
        return self._heads.head(run_id)

    def witnessed_runs(self) -> list[str]:
        with self._database.read() as connection:
            retired = {str(row[0]) for row in connection.execute("SELECT run_id FROM retired")}
        return [run_id for run_id in self._heads.runs() if run_id not in retired]

    def witness_problems(self) -> list[str]:
        """What is wrong with the witness itself, in sentences; empty when it is whole."""
        return self._heads.problems()

    # ------------------------------------------------------------ runs

    def summary(self, run_id: str) -> RunSummary | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT run_id, summary FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return _summary(*row) if row else None

    def summaries(self, run_ids: Sequence[str]) -> list[RunSummary]:
        query = "SELECT run_id, summary FROM runs WHERE run_id IN (SELECT value FROM json_each(?))"
        with self._database.read() as connection:
            return [_summary(*row) for row in connection.execute(query, (json.dumps(list(run_ids)),))]

    def due(self, now: datetime) -> list[RunSummary]:
        from app.runs.read_model import is_due, just_after  # noqa: PLC0415

        with self._database.read() as connection:
            found = [_summary(*row) for row in connection.execute(DUE, (just_after(now),))]
        return [run for run in found if is_due(run, now)]

    def runs(
        self,
        *,
        active: bool | None = None,
        thread_key: str | None = None,
        unpublished: bool | None = None,
        prefix: str = "",
        limit: int | None = 1000,
    ) -> list[RunSummary]:
        conditions: list[str] = ["1"]
        values: list[str] = []
        if active is not None:
            conditions.append(f"active = {int(active)}")
        if thread_key is not None:
            conditions.append("thread_key = ?")
            values.append(thread_key)
        if unpublished is not None:
            conditions.append(f"json_extract(summary, '$.unpublished') = {int(unpublished)}")
        if prefix:
            conditions.append("run_id BETWEEN ? AND ?")
            values += [prefix, prefix + "\U0010ffff"]
        index = "INDEXED BY runs_with_news" if unpublished else ""  # SQLite cannot know how few they are
        where = f"FROM runs {index} WHERE {' AND '.join(conditions)}"
        query = f"SELECT run_id, summary {where} ORDER BY created_at DESC, rowid DESC LIMIT ?"
        with self._database.read() as connection:
            rows = connection.execute(query, (*values, -1 if limit is None else limit)).fetchall()
        return [_summary(*row) for row in rows]

    def count(self, phase: str) -> int:
        query = "SELECT count(*) FROM runs WHERE active = 0"
        if phase != "ended":
            query = "SELECT count(*) FROM runs WHERE active = 1 AND json_extract(summary, '$.phase') = :phase"
        with self._database.read() as connection:
            return int(connection.execute(query, {"phase": phase}).fetchone()[0])

    def charged_on(self, repository_id: int | None, day: str) -> list[RunSummary]:
        query, values = "SELECT run_id, summary FROM charges JOIN runs USING (run_id) WHERE day = ?", [day]
        if repository_id is not None:
            query, values = f"{query} AND repository = ?", [day, f"{repository_id}"]
        with self._database.read() as connection:
            found = [_summary(*row) for row in connection.execute(query, values)]
        return [run for run in found if run.spent_on(day)]

    def cell(self, key: str) -> str:
        with self._database.read() as connection:
            row = connection.execute("SELECT content FROM cells WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def swap_cell(self, key: str, old: str, new: str) -> bool:
        with self._database.write() as connection:
            row = connection.execute("SELECT content FROM cells WHERE key = ?", (key,)).fetchone()
            if (row[0] if row else "") != old:
                return False
            connection.execute("INSERT OR REPLACE INTO cells VALUES (?, ?)", (key, new))
        return True

    # ------------------------------------------------------------ blobs

    def put_blob(self, data: bytes) -> str:
        return self._blobs.put(data)

    def get_blob(self, digest: str) -> bytes:
        return self._blobs.get(digest)

    # ------------------------------------------------------------ claims, counters

    def claim(self, key: str, owner: str, *, ttl_seconds: float) -> bool:
        """A power loss may forget a claim: what then comes twice finds itself."""
        with self._database.write(durable=False) as connection:
            now = self._expire(connection)
            renewed = connection.execute(
                "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
                " expires_at = excluded.expires_at WHERE owner = excluded.owner RETURNING key",
                (key, owner, now + ttl_seconds),
            ).fetchone()
        return renewed is not None

    def claim_all(self, keys: Sequence[str], owner: str, *, ttl_seconds: float) -> str | None:
        with self._database.write(durable=False) as connection:
            now = self._expire(connection)
            for key in keys:
                held = connection.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()
                if held:
                    return str(held[0])
            connection.executemany(
                "INSERT INTO claims VALUES (?, ?, ?)", [(key, owner, now + ttl_seconds) for key in keys]
            )
        return None

    def _expire(self, connection: sqlite3.Connection) -> float:
        now = self._clock.now().timestamp()
        connection.execute("DELETE FROM claims WHERE expires_at <= ?", (now,))
        return now

    def claimed_by(self, key: str) -> str | None:
        now = self._clock.now().timestamp()
        with self._database.read() as connection:
            row = connection.execute("SELECT owner FROM claims WHERE key = ? AND expires_at > ?", (key, now)).fetchone()
        return str(row[0]) if row else None

    def holders(self, keys: Sequence[str]) -> dict[str, Held]:
        from app.ports.platform import Held  # noqa: PLC0415

        query = "SELECT key, owner, expires_at FROM claims WHERE key IN (SELECT value FROM json_each(?))"
        with self._database.read() as connection:
            rows = connection.execute(query, (json.dumps(list(keys)),)).fetchall()
        return {str(key): Held(owner=str(owner), until=float(until)) for key, owner, until in rows}

    def release(self, key: str, owner: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, owner))

    def add(self, counter: str, amount: int) -> int:
        if amount == 0:
            with self._database.read() as connection:
                row = connection.execute("SELECT value FROM counters WHERE name = ?", (counter,)).fetchone()
            return int(row[0]) if row else 0
        with self._database.write() as connection:
            row = connection.execute(
                "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
                " RETURNING value",
                (counter, amount),
            ).fetchone()
        return int(row[0])

    def take_slot(self, key: str, pace: Pace, *, priority: int = 0, within_seconds: float) -> float:
        from app.ports.rate import take  # noqa: PLC0415

        now = self._clock.now().timestamp()
        with self._database.write(durable=False) as connection:
            taken = take(_slots(connection, key), pace, now, priority=priority, within_seconds=within_seconds)
            if taken.moment is None:
                raise TransientError("too much was written lately.", retry_after_seconds=taken.free_at - now)
            connection.execute("INSERT OR REPLACE INTO slots VALUES (?, ?)", (key, taken.state))
        return taken.moment

    def hold_slots(self, key: str, pace: Pace, *, until: float) -> None:  # noqa: ARG002 - a row here never expires
        from app.ports.rate import hold  # noqa: PLC0415

        with self._database.write(durable=False) as connection:
            state = hold(_slots(connection, key), until, self._clock.now().timestamp())
            connection.execute("INSERT OR REPLACE INTO slots VALUES (?, ?)", (key, state))

    def slots(self, key: str) -> str:
        with self._database.read() as connection:
            return _slots(connection, key)


def _slots(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("SELECT state FROM slots WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else ""


def _check_sequence(run_id: str, expected_seq: int, events: Sequence[Event]) -> None:
    if not events:
        raise ValueError("nothing to append")
    for position, event in enumerate(events, start=expected_seq + 1):
        if event.run_id != run_id or event.seq != position:
            raise ValueError(f"event {event.seq} of {event.run_id} cannot stand at {position} of {run_id}")


def _head(connection: sqlite3.Connection, run_id: str) -> tuple[int, str]:
    row = connection.execute(
        "SELECT seq, digest FROM events WHERE run_id = ? ORDER BY seq DESC LIMIT 1", (run_id,)
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, FIRST)


def _row(event: Event) -> tuple[str, int, str, str, str, str, str, str]:
    data = json.dumps(event.data, separators=(",", ":"), allow_nan=False)
    return event.run_id, event.seq, event.at, event.kind, data, event.previous, event.digest, event.author


def _summary(run_id: str, text: str) -> RunSummary:
    from app.runs.summary_row import read  # noqa: PLC0415

    return read(run_id, text)
