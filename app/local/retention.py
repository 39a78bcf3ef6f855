"""`LocalKeeping`: what one machine drops when its time is over."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from app.local.blobs import Blobs
from app.local.folders import private
from app.local.heads import HeadsLog
from app.local.schema import database
from app.ports.platform import Clock
from app.workspace import upkeep

# What workers leave behind, a file or a folder for each run or attempt; its name begins with the run's id.
LEFTOVERS = ("logs", "workers", "work", "sandboxes")
_NAMED = 60  # characters of the run's id, at least, with which a leftover's name begins


class LocalKeeping:
    """Implements `ports.Keeping` for a home."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = private(home)
        self._clock = clock
        self._mirrors = home / "mirrors"
        self._database = database(home)
        self._blobs = Blobs(home / "blobs", clock)
        self._heads = HeadsLog(home / "heads.log")

    def close(self) -> None:
        """Close the idle connections."""
        self._database.close()

    def renew(self, digests: Collection[str]) -> None:
        self._blobs.renew(digests)

    def expire(self, before: datetime, *, at_work: Collection[str]) -> int:
        """As the port says; the witness loses its beginning, as far as that names retired runs only, and mirrors are
        packed.
        """
        gone = self._blobs.expire(before.timestamp())
        kept = tuple(run_id[:_NAMED] for run_id in at_work)
        for name in LEFTOVERS:
            gone += _sweep(self._home / name, before.timestamp(), kept)
        self._drop_heads()
        return gone + upkeep.tend(self._mirrors, before, self._bases(at_work))

    def ended_before(self, before: datetime, *, limit: int) -> list[str]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT run_id FROM runs WHERE active = 0 AND json_extract(summary, '$.updated_at') < ?"
                " ORDER BY json_extract(summary, '$.updated_at') LIMIT ?",
                (before.isoformat(), limit),
            ).fetchall()
        return [str(row[0]) for row in rows]

    def retire(self, run_id: str) -> None:
        """All of it in one transaction: there is no half-way."""
        with self._database.write() as connection:
            row = connection.execute("SELECT active FROM runs WHERE run_id = ?", (run_id,)).fetchone()
            if row is None:
                return
            if row[0]:
                raise ValueError(f"{run_id} has not ended")
            connection.execute("INSERT OR REPLACE INTO retired VALUES (?, ?)", (run_id, self._clock.now().isoformat()))
            connection.execute("DROP TRIGGER IF EXISTS events_stay")  # a worker of an older version made it again
            connection.execute("DELETE FROM events WHERE run_id = ?", (run_id,))
            connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))

    def kept_of(self, installation_id: int) -> list[int]:
        return upkeep.mirrored(self._mirrors, installation_id)

    def forget(self, repository_id: int) -> None:
        upkeep.forget(self._mirrors, repository_id)

    def _bases(self, run_ids: Collection[str]) -> set[str]:
        """The commits that runs began with."""
        query = "SELECT json_extract(data, '$.base.sha') FROM events WHERE run_id = ? AND seq = 1"
        with self._database.read() as connection:
            rows = [connection.execute(query, (run_id,)).fetchone() for run_id in run_ids]
        return {str(row[0]) for row in rows if row and row[0]}

    def _drop_heads(self) -> None:
        with self._database.read() as connection:
            retired = {str(row[0]) for row in connection.execute("SELECT run_id FROM retired")}
        if not retired or not self._heads.drop(retired):
            return
        over = retired.difference(self._heads.runs())
        with self._database.write() as connection:
            connection.executemany("DELETE FROM retired WHERE run_id = ?", [(run_id,) for run_id in over])


def _sweep(folder: Path, before: float, kept: tuple[str, ...]) -> int:
    """Delete entries not changed since then, but for those of the runs that are `kept`."""
    gone = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith(kept) or _changed(path) >= before:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        gone += not path.exists()
    return gone


def _changed(path: Path) -> float:
    """A folder is as young as the youngest in it, one level down: a record, a tree."""
    try:
        return max(float(entry.lstat().st_mtime) for entry in (path, *(path.iterdir() if path.is_dir() else ())))
    except FileNotFoundError:
        return float("inf")  # somebody sweeps up after itself just now
