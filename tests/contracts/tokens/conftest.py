"""A clock that stands still, and the adapters that the suite is held against: a unix socket, a function's URL."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.log import Redactor
from app.ports.platform import Token
from app.runs.run_ledger import RunLedger
from tests.clock import HeldClock
from tests.said import said


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


class Control:
    """A store and a mint that does what it is told."""

    def __init__(self, store: Any, clock: HeldClock) -> None:
        self.store, self.clock = store, clock
        self.asked: list[dict[str, Any]] = []
        self.failure: Exception | None = None
        self.refused = 0  # tokens that GitHub did not take

    def mint(self, thread: Any, fresh: bool) -> Token:
        self.asked.append(dict(thread))
        self.refused += fresh
        if self.failure:
            raise self.failure
        return Token(value="ghs_" + "x" * 520, expires_at=self.clock.now() + timedelta(hours=1))

    def run(self, run_id: str, *, ended: bool = False) -> None:
        ledger = RunLedger(self.store, run_id, clock=self.clock, redactor=Redactor())
        thread = {"installation_id": 5, "repository_id": 7, "repository": "acme/calc", "number": 1}
        ledger.append(said("run.created", thread=thread))
        if ended:
            ledger.append(said("run.ended", outcome="failed"))


class Local(Control):
    """A broker on a unix socket, and the worker's side."""

    def __init__(self, home: Path, clock: HeldClock) -> None:
        from app.local.store import SqliteStore
        from app.local.tokens import SocketTokens, TokenBroker

        super().__init__(SqliteStore(home, clock), clock)
        self.home = home
        self.tokens = SocketTokens(home)
        self.broker = TokenBroker(home, self.store, self.mint)
        self.broker.start()

    def close(self) -> None:
        self.broker.close()
        self.store.close()


class Url(Control):
    """The `tokens` function behind its URL, and the side of workers: each a task of ECS, started for its run."""

    def __init__(self, folder: Path, account: Any, clock: HeldClock) -> None:
        from app.aws.store import DynamoStore
        from tests.aws.brokered import Brokered

        super().__init__(DynamoStore(account.clients, account.cloud.table, account.cloud.bucket, clock), clock)
        self.parts = Brokered(folder, account, self.store, clock, self.mint)
        self.tokens = self

    def read_token(self, run_id: str, repository_id: int, *, fresh: bool = False) -> Token:
        """As `ports.Tokens`, asked by a task that was started for the run."""
        from app.aws.tokens import BrokerTokens

        started_for = run_id if len(run_id) < 1000 else "another"  # ECS takes 8,192 characters of overrides
        _task, role = self.parts.worker("work", started_for, "--attempt", "1")
        return BrokerTokens(self.parts.broker(role)).read_token(run_id, repository_id, fresh=fresh)

    def close(self) -> None:
        self.parts.close()


@pytest.fixture
def socket_control(tmp_path, clock):
    control = Local(tmp_path / "home", clock)
    yield control
    control.close()


@pytest.fixture
def url_control(tmp_path, clock):
    from tests.aws.emulator import emulated

    with emulated(clock) as account:
        control = Url(tmp_path, account, clock)
        yield control
        control.close()


@pytest.fixture(params=["socket", pytest.param("url", marks=pytest.mark.aws)])
def control(request):
    return request.getfixturevalue(f"{request.param}_control")
