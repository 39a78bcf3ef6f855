"""`SqliteQueue`: one queue in one SQLite file, behaving like an SQS FIFO queue."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from app.local.database import Database
from app.local.folders import private

if TYPE_CHECKING:  # the door opens a queue too, and has no use for their dataclasses
    from app.ports.platform import Clock, Message

# SQS FIFO drops a repeated deduplication id for five minutes; the same here, so that both platforms behave alike.
DEDUP_SECONDS = 300.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, grp TEXT NOT NULL,
    dedup_id TEXT NOT NULL, visible_at REAL NOT NULL, receipt TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 0) STRICT;;
CREATE INDEX IF NOT EXISTS messages_in_order ON messages (grp, position);;
CREATE INDEX IF NOT EXISTS messages_held ON messages (grp, visible_at) WHERE attempt > 0;;
CREATE INDEX IF NOT EXISTS messages_by_dedup ON messages (dedup_id);;
CREATE TABLE IF NOT EXISTS dead (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, grp TEXT NOT NULL,
    dedup_id TEXT NOT NULL, attempt INTEGER NOT NULL) STRICT;;
CREATE TABLE IF NOT EXISTS seen (dedup_id TEXT PRIMARY KEY, until REAL NOT NULL) STRICT;;
CREATE INDEX IF NOT EXISTS seen_by_end ON seen (until)
"""

# The first visible message of every group that is not held. A group is held by a message somebody has received and
# neither acknowledged nor let expire.
NEXT = """
SELECT position, id, body, grp, dedup_id, attempt FROM messages AS m
WHERE visible_at <= :now
  AND NOT EXISTS (SELECT 1 FROM messages WHERE grp = m.grp AND attempt > 0 AND visible_at > :now)
  AND NOT EXISTS (SELECT 1 FROM messages WHERE grp = m.grp AND position < m.position AND visible_at <= :now)
ORDER BY position LIMIT :limit
"""


class SqliteQueue:
    """Implements `ports.Queue` for any number of threads and processes of one machine.

    Every call raises TransientError when the file stays locked or the disk is full. One `receive` returns at most one
    message of a group.
    """

    def __init__(self, home: Path, name: str, clock: Clock, *, max_attempts: int = 5) -> None:
        self._database = Database(private(home) / f"queue-{name}.db", SCHEMA)
        self._clock = clock
        self._max_attempts = max_attempts

    def close(self) -> None:
        """Close the idle connections."""
        self._database.close()

    def send(self, body: str, *, group: str, dedup_id: str) -> None:
        now = self._now()
        with self._database.write() as connection:
            connection.execute("DELETE FROM seen WHERE until <= ?", (now,))
            known = connection.execute(
                "SELECT 1 FROM seen WHERE dedup_id = :id UNION ALL"
                " SELECT 1 FROM messages WHERE dedup_id = :id AND (attempt = 0 OR visible_at <= :now OR receipt = '')",
                {"id": dedup_id, "now": now},
            ).fetchone()
            if known:
                return
            connection.execute("INSERT INTO seen VALUES (?, ?)", (dedup_id, now + DEDUP_SECONDS))
            connection.execute(
                "INSERT INTO messages (id, body, grp, dedup_id, visible_at) VALUES (?, ?, ?, ?, ?)",
                (os.urandom(16).hex(), body, group, dedup_id, now),
            )

    def receive(self, *, limit: int = 10, visibility_seconds: float = 300) -> list[Message]:
        from app.ports.platform import Message  # noqa: PLC0415

        values = {"now": self._now(), "limit": limit}
        with self._database.read() as connection:  # polling an idle queue takes no lock
            if not connection.execute(NEXT, values).fetchone():
                return []
        messages: list[Message] = []
        with self._database.write() as connection:
            while len(messages) < limit:
                rows = connection.execute(NEXT, values | {"limit": limit - len(messages)}).fetchall()
                if not rows:
                    break
                for position, id_, body, group, _dedup_id, attempt in rows:
                    if attempt >= self._max_attempts:
                        _bury(connection, position)  # its last consumer never came back
                        continue
                    receipt = os.urandom(16).hex()
                    connection.execute(
                        "UPDATE messages SET attempt = attempt + 1, receipt = ?, visible_at = ? WHERE position = ?",
                        (receipt, values["now"] + visibility_seconds, position),
                    )
                    messages.append(Message(id=id_, body=body, group=group, receipt=receipt, attempt=attempt + 1))
                if visibility_seconds <= 0:
                    break  # what was just taken is visible again and would come back in this very loop
        return messages

    def ack(self, message: Message) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM messages WHERE id = ? AND receipt = ?", (message.id, message.receipt))

    def extend(self, message: Message, *, visibility_seconds: float) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE messages SET visible_at = ? WHERE id = ? AND receipt = ?",
                (self._now() + visibility_seconds, message.id, message.receipt),
            )

    def retry(self, message: Message, *, delay_seconds: float) -> None:
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT position, attempt FROM messages WHERE id = ? AND receipt = ?", (message.id, message.receipt)
            ).fetchone()
            if row is None:
                return
            if row[1] >= self._max_attempts:
                _bury(connection, row[0])
                return
            connection.execute(
                "UPDATE messages SET visible_at = ?, receipt = '' WHERE position = ?",
                (self._now() + delay_seconds, row[0]),
            )

    def depth(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])

    def take_back(self) -> int:
        """Make visible what a consumer held that is known to be dead: for the one server of a home, when it starts."""
        with self._database.write() as connection:
            now = self._now()
            return connection.execute(
                "UPDATE messages SET visible_at = :now, receipt = ''"
                " WHERE attempt > 0 AND receipt <> '' AND visible_at > :now",
                {"now": now},
            ).rowcount

    def dead_letters(self) -> list[Message]:
        from app.ports.platform import Message  # noqa: PLC0415

        with self._database.read() as connection:
            rows = connection.execute("SELECT id, body, grp, attempt FROM dead ORDER BY position").fetchall()
        return [
            Message(id=id_, body=body, group=group, receipt="", attempt=attempt) for id_, body, group, attempt in rows
        ]

    def redrive(self) -> int:
        with self._database.write() as connection:
            moved = connection.execute(
                "INSERT INTO messages (id, body, grp, dedup_id, visible_at)"
                " SELECT id, body, grp, dedup_id, ? FROM dead ORDER BY position",
                (self._now(),),
            ).rowcount
            connection.execute("DELETE FROM dead")
        return moved

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _bury(connection: sqlite3.Connection, position: int) -> None:
    connection.execute(
        "INSERT INTO dead (id, body, grp, dedup_id, attempt)"
        " SELECT id, body, grp, dedup_id, attempt FROM messages WHERE position = ?",
        (position,),
    )
    connection.execute("DELETE FROM messages WHERE position = ?", (position,))
