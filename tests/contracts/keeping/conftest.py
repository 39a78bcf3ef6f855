"""The store and the keeping of each platform, over the same ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.clock import HeldClock
from tests.said import said

DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Place:
    store: Any
    keeping: Any
    clock: HeldClock
    age: Callable[[], None]  # what the platform does by itself
    aws: Any = None

    def run(self, run_id: str, *, ends: bool = True, **told: Any) -> RunLedger:
        """A run of some events; `told` is in one of them."""
        ledger = RunLedger(self.store, run_id, clock=self.clock, redactor=Redactor())
        ledger.append(said("run.created", thread={"repository_id": 7, "number": 1, "repository": "acme/calc"}))
        ledger.append(said("notice.given", **told))
        if ends:
            ledger.append(said("run.ended", outcome="failed"))
        return ledger

    def days_pass(self, days: float) -> None:
        self.clock.advance(days * DAY)
        self.age()

    def before(self, days: float) -> Any:
        from datetime import timedelta

        return self.clock.now() - timedelta(days=days)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["local", pytest.param("aws", marks=pytest.mark.aws)])
def place(request, tmp_path, clock):
    if request.param == "aws":
        from app.aws.retention import AwsKeeping
        from app.aws.store import DynamoStore
        from tests.aws.aging import age
        from tests.aws.emulator import emulated

        with emulated(clock) as aws:
            where = (aws.clients, aws.cloud.table, aws.cloud.bucket, clock)
            yield Place(
                store=DynamoStore(*where), keeping=AwsKeeping(*where), clock=clock, age=lambda: age(aws), aws=aws
            )
        return
    from app.local.retention import LocalKeeping
    from app.local.store import SqliteStore

    store, keeping = SqliteStore(tmp_path / "home", clock), LocalKeeping(tmp_path / "home", clock)
    yield Place(store=store, keeping=keeping, clock=clock, age=lambda: None)
    store.close()
    keeping.close()
