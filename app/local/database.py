"""One SQLite file used by many threads and processes: durable commits, patient locks, errors by audience."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.errors import TransientError, UserError
from app.local.folders import sync_directory

DatabaseError = sqlite3.Error  # what may still escape, for those above who do not know SQLite

# How long a writer waits for the others before it gives up. Sixteen writers at 5 ms each need 0.1 s; a machine that
# is swapping needs seconds.
BUSY_SECONDS = 15.0

# How long one attempt to begin may wait before the next. SQLite's own patience waits longer and longer (up to 100 ms a
# time), so that a late writer starves behind busy ones: with eight processes appending without pause on two cores,
# measured in turns, the slowest hundredth took 740 to 1,250 ms that way and 30 to 130 ms this way, at twice the rate.
KNOCK_MS = 2

_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_CLOSED_TO_US = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


class Database:
    """A file in WAL mode with `synchronous=FULL`: what was committed survives kill -9 and a power loss.

    Connections are kept in a pool, one thread at a time on each. `read` and `write` raise TransientError when the file
    stays locked for `busy_seconds` or the disk is full, UserError when the file is damaged or may not be opened.
    """

    def __init__(
        self,
        path: Path,
        schema: str,
        *,
        added: Sequence[tuple[str, str, str]] = (),
        once: Sequence[str] = (),
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        """`added`: columns (table, name, type) that a file of an older version gets; `once`: statements of which each
        is done once in the life of a file, whose `user_version` counts them.
        """
        self.path = path
        self._busy_seconds = busy_seconds
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        is_new = not path.exists()
        with self.write() as connection:
            for statement in schema.split(";;"):
                connection.execute(statement)
            for table, column, kind in added:
                if column not in {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}:
                    connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
            (done,) = connection.execute("PRAGMA user_version").fetchone()
            for statement in once[done:]:
                connection.execute(statement)
            if done < len(once):
                connection.execute(f"PRAGMA user_version = {len(once)}")
        path.chmod(0o600)
        if is_new:
            sync_directory(path.parent)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for statements that change nothing; never waits for writers."""
        with self._told(), self._connection() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start; committed at the end, undone by any exception.

        One that is not `durable` survives kill -9 as well, but not a power loss, and waits for no disk.
        """
        with self._told(), self._connection() as connection:
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._begin(connection)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the idle connections. The database can be used again afterwards."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._open()
        try:
            yield connection
        except sqlite3.Error:
            connection.close()  # whatever state it is in, nobody has to find out
            raise
        except BaseException:
            self._keep(connection)
            raise
        self._keep(connection)

    def _begin(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + self._busy_seconds
        connection.execute(f"PRAGMA busy_timeout = {KNOCK_MS}")
        try:
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF not in _LOCKED or time.monotonic() > deadline:
                        raise
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(self._busy_seconds * 1000)}")

    def _keep(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; the upper bits only refine it
            if code in _LOCKED:
                raise TransientError(
                    f"`{self.path.name}` is locked by another process.", retry_after_seconds=5
                ) from error
            if code in _NO_ROOM:
                raise TransientError(f"`{self.path}` cannot be written: is the disk full? ({error})") from error
            if code in _BROKEN:
                raise UserError(
                    f"`{self.path}` is damaged ({error}). Stop Lamplighter and restore the file from a backup, "
                    "or move it away to start afresh."
                ) from error
            if code in _CLOSED_TO_US:
                raise UserError(f"`{self.path}` cannot be opened for writing ({error}).") from error
            raise
