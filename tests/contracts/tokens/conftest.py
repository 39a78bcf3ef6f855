"""A clock that stands still, and the adapters that the suite is held against (AWS joins as a second parameter)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.log import Redactor
from app.ports import Token
from app.run_ledger import RunLedger
from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


class Local:
    """A store, a broker that mints what it is told to, and the worker's side."""

    def __init__(self, home: Path, clock: HeldClock) -> None:
        from app.local.store import SqliteStore
        from app.local.tokens import SocketTokens, TokenBroker

        self.home, self.clock = home, clock
        self.store = SqliteStore(home, clock)
        self.asked: list[dict[str, Any]] = []
        self.failure: Exception | None = None
        self.tokens = SocketTokens(home)
        self.broker = TokenBroker(home, self.store, self.mint)
        self.broker.start()

    def mint(self, thread: Any) -> Token:
        self.asked.append(dict(thread))
        if self.failure:
            raise self.failure
        return Token(value="ghs_" + "x" * 520, expires_at=self.clock.now() + timedelta(hours=1))

    def run(self, run_id: str, *, ended: bool = False) -> None:
        ledger = RunLedger(self.store, run_id, clock=self.clock, redactor=Redactor())
        thread = {"installation_id": 5, "repository_id": 7, "repository": "acme/calc", "number": 1}
        ledger.append("run.created", thread=thread)
        if ended:
            ledger.append("run.ended", outcome="failed")

    def close(self) -> None:
        self.broker.close()
        self.store.close()


@pytest.fixture(params=["socket"])
def control(request, tmp_path, clock):
    control = Local(tmp_path / "home", clock)
    yield control
    control.close()
