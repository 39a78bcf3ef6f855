"""One thing of a run on GitHub: what should be there, how urgent it is, and how it is found, made and changed.

Every kind of thing is a class in `kinds`, whose fields are what should be there, and a line in `projection.KINDS`.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from app.checkpoints.endings import NOT_OPENED, not_opened
from app.errors import UserError
from app.events.publishing import PublishDone, PublishIntended
from app.github.access import Purpose
from app.github.client import GitHub
from app.github.errors import Refused
from app.ledger import canonical
from app.log import Redactor
from app.ports.platform import Clock, Outbox, Store
from app.ports.rate import Priority
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.runs.state.told import Published

SETTLE_SECONDS = 15.0  # how long a new object may be missing from GitHub's lists

# Pauses after each refusal, in seconds; when they are used up it is final. Finished work is kept for half an hour: a
# permission or a ruleset may be fixed meanwhile. For the rest it is the minute in which GitHub may lag behind.
_WORK_PAUSES = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
_LAG_PAUSES = (10.0, 20.0, 30.0)
_LAGS = frozenset({404, 409, 422})


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a run's effects go, and what a kind may need to write there."""

    github: GitHub
    store: Store
    jobs: Outbox
    clock: Clock
    state: RunState
    bot_login: str

    @property
    def repo(self) -> str:
        return self.state.created.thread.repository

    @property
    def number(self) -> int:
        return self.state.created.thread.number


@dataclass(frozen=True, kw_only=True)
class Effect(ABC):
    """One thing that should be on GitHub. `key` is stable, and its name in the ledger; a changed `digest` means that it
    is to be edited.
    """

    purpose: ClassVar[Purpose] = "talking"  # of the token that it is written with
    is_work: ClassVar[bool] = False  # without it the run has failed
    is_one_write: ClassVar[bool] = False  # when a limit refuses it, nothing of it was made
    searches: ClassVar[Literal["never", "in doubt", "always"]] = "never"  # never: making it twice makes it once
    exact: ClassVar[frozenset[str]] = frozenset()  # fields that are published as they are, shapes of secrets and all

    key: str
    priority: Priority

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Self]:
        """Those of this kind that should be on GitHub for a run. Pure."""
        return iter(())

    @classmethod
    def answering(cls, state: RunState) -> Iterator[Self]:
        """Those of this kind that should be there for a request that started nothing. Pure."""
        return iter(())

    @abstractmethod
    def make(self, target: Target) -> dict[str, Any]:
        """Make it; what GitHub calls it, for `change` and for other kinds. Raises as `github` does."""

    def find(self, target: Target) -> Mapping[str, Any] | None:
        """What GitHub calls one that is there already."""
        return None

    def change(self, target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        """Make what is there already (by an earlier result, or as it was found) as it should be."""
        return self.make(target)

    def is_due(self, done: Published, now: datetime) -> bool:
        """Whether what is there is to be edited now already."""
        return True

    def in_vain(self, error: str) -> tuple[str, str]:
        """Why the run has failed when GitHub will not have this for good, and what to do next."""
        return not_opened(error), NOT_OPENED

    @property
    def content(self) -> dict[str, Any]:
        """What should be there, JSON-shaped."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name not in {"key", "priority"}}

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical(self.content)).hexdigest()

    def readable(self, redactor: Redactor) -> Self:
        """As people may read it: the ledger keeps the conversation exactly, so shapes of secrets are masked here."""
        return replace(
            self, **{name: redactor.data(item) for name, item in self.content.items() if name not in self.exact}
        )

    def perform(self, target: Target, *, maybe_done: bool) -> dict[str, Any]:
        """Make it so; doing it twice finds the first. `maybe_done`: an earlier try was cut off and may have succeeded;
        lists lag, so that the search for it is preceded by a wait.

        Raises UserError when GitHub refuses for good, TransientError to try again later.
        """
        known = target.state.result(self.key)
        if not known and (self.searches == "always" or (maybe_done and self.searches == "in doubt")):
            if maybe_done:
                target.clock.sleep(SETTLE_SECONDS)
            known = self.find(target) or {}
        return self.change(target, known) if known else self.make(target)

    def is_untried(self, state: RunState) -> bool:
        """No earlier try can have made it."""
        return self.key not in {*state.published, *state.intended}

    def record(self, ledger: RunLedger, do: Callable[[], dict[str, Any] | None]) -> None:
        """Do it, with what is intended noted before and what came of it after (None: that is noted already). A change
        is not published once somebody has said stop.
        """
        if ledger.append_if(self._is_still_wanted, PublishIntended(key=self.key, digest=self.digest)) is None:
            return
        if (result := do()) is not None:
            ledger.append(PublishDone(key=self.key, digest=self.digest, result=result))

    def _is_still_wanted(self, state: RunState) -> bool:
        return state.outcome == "proposed" or not self.is_work

    def pause_after(self, error: UserError, before: int) -> float | None:
        """Seconds to wait after the refusal that follows `before` others; None when it was the last."""
        if not isinstance(error, Refused):
            return None  # our own second look said no
        pauses = _WORK_PAUSES if self.is_work else _LAG_PAUSES if error.status in _LAGS else ()
        return pauses[before] if before < len(pauses) else None
