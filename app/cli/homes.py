"""The homes a person's commands look into: the server's, and below it that of local runs.

Local runs (`lamplighter run`) have a home of their own, because the server publishes whatever it finds in its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app import settings as words
from app.errors import UserError
from app.ledger import Event
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import Redactor
from app.ports import RunSummary
from app.run_ledger import RunLedger
from app.settings import Settings

LOCAL_FOLDER = "local"
_ALL = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Home:
    """One directory with a ledger."""

    path: Path
    store: SqliteStore
    is_local: bool  # of `lamplighter run`; no server works there

    def runs(self, *, active: bool | None = None) -> list[RunSummary]:
        return self.store.runs(active=active, limit=_ALL)

    def open(self, run_id: str, redactor: Redactor) -> RunLedger:
        return RunLedger(self.store, run_id, clock=SystemClock(), redactor=redactor)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        return self.store.events(run_id, after)


@dataclass(frozen=True, kw_only=True)
class Homes:
    """Both homes, as far as they exist."""

    settings: Settings
    found: tuple[Home, ...]

    def find(self, prefix: str) -> tuple[Home, RunSummary]:
        """The one run whose id begins with `prefix`. Raises UserError for none or several."""
        hits = [(home, run) for home in self.found for run in home.runs() if run.run_id.startswith(prefix)]
        exact = [hit for hit in hits if hit[1].run_id == prefix]
        hits = exact or hits
        if not hits or not prefix:
            raise UserError(f"No run's id begins with {prefix!r}; `lamplighter runs` lists them.")
        if len(hits) > 1:
            some = ", ".join(run.run_id for _, run in hits[:5])
            raise UserError(f"{len(hits)} runs begin with {prefix!r}: {some}{' …' if len(hits) > 5 else ''}")
        return hits[0]


def open_homes() -> Homes:
    """Raises SettingsError, UserError when a home cannot be read."""
    settings = words.load()
    paths = [settings.home, settings.home / LOCAL_FOLDER]
    clock = SystemClock()
    return Homes(
        settings=settings,
        found=tuple(
            Home(path=path, store=SqliteStore(path, clock), is_local=index == 1)
            for index, path in enumerate(paths)
            if (path / "ledger.db").exists()
        ),
    )
