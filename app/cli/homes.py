"""The ledgers a person's commands look into: the server's or the cloud's, and that of local runs.

Local runs (`lamplighter run`) have a home of their own, because the server publishes whatever it finds in its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from app import settings as words
from app.errors import UserError
from app.ledger import Event
from app.local.clock import SystemClock
from app.local.queue import SqliteQueue
from app.local.store import SqliteStore
from app.log import Redactor
from app.ports.platform import Clock, Queue, RunSummary, Store
from app.runs.run_ledger import RunLedger
from app.settings import Settings

LOCAL_FOLDER = "local"
ALL = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Home:
    """One ledger, and the queues beside it."""

    path: Path
    store: Store
    is_local: bool  # of `lamplighter run`; no server works there
    witness: str = "heads.log"  # how a person calls the place where heads are witnessed
    days: int = 30  # how long contents are kept
    clock: Clock = field(default_factory=SystemClock)
    look_seconds: float = 0.2  # between two looks at a run that is watched
    queues: Mapping[str, Queue] = field(default_factory=dict)  # jobs, publish

    def runs(self, *, active: bool | None = None, limit: int = ALL) -> list[RunSummary]:
        return self.store.runs(active=active, limit=limit)

    def open(self, run_id: str, redactor: Redactor) -> RunLedger:
        return RunLedger(
            self.store, run_id, clock=SystemClock(), redactor=redactor, publishing=self.queues.get("publish")
        )

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        return self.store.events(run_id, after)

    def contents_since(self) -> datetime:
        """What is older than this may have been dropped."""
        return self.clock.now() - timedelta(days=self.days)

    def close(self) -> None:
        """Drop the files of one machine; nothing in the cloud is held."""
        for part in (self.store, *self.queues.values()):
            if isinstance(part, SqliteStore | SqliteQueue):
                part.close()


@dataclass(frozen=True, kw_only=True)
class Homes:
    """Both homes, as far as they exist."""

    settings: Settings
    found: tuple[Home, ...]

    def find(self, prefix: str) -> tuple[Home, RunSummary]:
        """The one run whose id begins with `prefix`. Raises UserError for none or several."""
        if not prefix:
            raise _unknown(prefix)
        for home in self.found:
            if summary := home.store.summary(prefix):
                return home, summary
        hits = [(home, run) for home in self.found for run in home.store.runs(prefix=prefix, limit=None)]
        if not hits:
            raise _unknown(prefix)
        if len(hits) > 1:
            some = ", ".join(run.run_id for _, run in hits[:5])
            raise UserError(f"{len(hits)} runs begin with {prefix!r}: {some}{' …' if len(hits) > 5 else ''}")
        return hits[0]


def _unknown(prefix: str) -> UserError:
    return UserError(f"No run's id begins with {prefix!r}; `lamplighter runs` lists them.")


def open_homes() -> Homes:
    """Raises SettingsError, UserError when a home cannot be read."""
    settings = words.load()
    local = settings.home / LOCAL_FOLDER
    served = (
        _cloud(settings)
        if settings.platform == "aws"
        else home_in(settings.home, is_local=False, days=settings.retention_days)
    )
    of_runs = home_in(local, is_local=True, days=settings.retention_days)
    return Homes(settings=settings, found=tuple(home for home in (served, of_runs) if home))


def _cloud(settings: Settings) -> Home:
    from app import wiring

    platform = wiring.platform(settings)
    return Home(
        path=settings.home,
        store=platform.store,
        is_local=False,
        witness=f"the heads in bucket {settings.cloud.bucket}",
        days=settings.retention_days,
        look_seconds=2.0,
        queues={"jobs": platform.jobs, "publish": platform.publishing},
    )


def home_in(path: Path, *, is_local: bool, days: int) -> Home | None:
    """The home in a folder, whose contents are kept for so many days; None when no run was ever made there."""
    if not (path / "ledger.db").exists():
        return None
    clock = SystemClock()
    return Home(
        path=path,
        store=SqliteStore(path, clock),
        is_local=is_local,
        witness=f"heads.log of {path}",
        days=days,
        queues={name: SqliteQueue(path, name, clock) for name in ("jobs", "publish")},
    )
