"""What a bot stands on, and what outlives its processes: one machine's home, or an account on AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from app import wiring
from app.settings import Settings
from app.wiring.consumers import Control
from tests.clock import HeldClock

GROUNDS = ["local", pytest.param("aws", marks=pytest.mark.aws)]


class Workers(Protocol):
    """The attempts that were asked for; the bot plays them in its own process, one after another."""

    order: list[str]  # runs, as their workers were started

    @property
    def waiting(self) -> Mapping[str, int]:
        """Run to attempt, of the workers that live."""

    def finished(self, run_id: str) -> None:
        """The run's worker came to its end."""

    def kill(self) -> None:
        """All workers die before they could say anything."""


class Ground(Protocol):
    """What outlives the processes. Platforms over the same ground share everything."""

    def settings(self, **given: Any) -> Settings: ...

    def platform(self, settings: Settings, **held: Any) -> tuple[wiring.Platform, Workers]:
        """The ports of one process, and the workers it starts."""

    def stopped_tasks(self, control: Control) -> int:
        """Tell `control` of workers that ended since; returns how many."""

    def age(self) -> None:
        """Let the platform delete by itself whose time is over."""

    def close(self) -> None: ...


def ground_of(kind: str, folder: Path, clock: HeldClock) -> Ground:
    """`local` or `aws`."""
    if kind == "local":
        return OneMachine(folder)
    from tests.scenarios.account import Account  # boto3 and moto take a second to load

    return Account(folder, clock)


class InlineLauncher:
    """Implements `ports.Launcher` and `Workers`."""

    def __init__(self) -> None:
        self.waiting: dict[str, int] = {}
        self.started: set[tuple[str, int]] = set()
        self.order: list[str] = []

    def start(self, run_id: str, attempt: int) -> None:
        if (run_id, attempt) not in self.started:
            self.started.add((run_id, attempt))
            self.waiting[run_id] = attempt
            self.order.append(run_id)

    def running(self, run_ids: Sequence[str]) -> dict[str, bool | None]:
        return {run_id: run_id in self.waiting for run_id in run_ids}

    def stop(self, run_id: str) -> None:
        self.waiting.pop(run_id, None)

    def finished(self, run_id: str) -> None:
        self.waiting.pop(run_id, None)

    def kill(self) -> None:
        self.waiting.clear()


class OneMachine:
    """SQLite and files below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self, **given: Any) -> Settings:
        return Settings(home=self.folder, **given)

    def platform(self, settings: Settings, **held: Any) -> tuple[wiring.Platform, InlineLauncher]:
        workers = InlineLauncher()
        return wiring.local_platform(settings, launcher=workers, **held), workers

    def stopped_tasks(self, _control: Control) -> int:
        return 0  # nobody tells one machine of workers that ended: it asks

    def age(self) -> None:
        """A machine deletes nothing by itself."""

    def close(self) -> None:
        """The folder is the test's."""
