"""A clock that stands still, and the adapters that the suite is held against: a unix socket, a Lambda function."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.log import Redactor
from app.ports.platform import Token
from app.runs.run_ledger import RunLedger
from tests.clock import HeldClock


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
        ledger.append("run.created", thread=thread)
        if ended:
            ledger.append("run.ended", outcome="failed")


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


class Lambda(Control):
    """The `tokens` function behind Lambda's own API, and the worker's side."""

    def __init__(self, account: Any, clock: HeldClock, monkeypatch) -> None:
        from app.aws.clients import Clients
        from app.aws.store import DynamoStore
        from app.aws.tokens import LambdaTokens
        from app.runs import token_policy
        from tests.aws.functions import Functions

        super().__init__(DynamoStore(account.clients, account.cloud.table, account.cloud.bucket, clock), clock)
        self.functions = Functions({"tokens": lambda request: token_policy.answer(request, self.store, self.mint)})
        for name, value in self.functions.environment().items():
            monkeypatch.setenv(name, value)
        self.clients = Clients()
        self.tokens = LambdaTokens("tokens", self.clients)

    def close(self) -> None:
        self.functions.close()


@pytest.fixture
def socket_control(tmp_path, clock):
    control = Local(tmp_path / "home", clock)
    yield control
    control.close()


@pytest.fixture
def lambda_control(clock, monkeypatch):
    from tests.aws.emulator import emulated

    with emulated(clock) as account:
        control = Lambda(account, clock, monkeypatch)
        yield control
        control.close()


@pytest.fixture(params=["socket", pytest.param("lambda", marks=pytest.mark.aws)])
def control(request):
    return request.getfixturevalue(f"{request.param}_control")
