"""The clock's turn among many runs: nobody is forgotten for being old, and a look leaves nothing behind for ever."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from app.lease import TTL_SECONDS, lease_key
from app.local.store import SqliteStore
from app.log import Redactor
from app.run_ledger import RunLedger
from app.schedule import Scheduler
from tests.clock import HeldClock

DAY = 86_400.0


class Playing:
    """The launcher whose workers all live, the queue that takes all news, and whoever lets runs go on."""

    def __init__(self) -> None:
        self.announced: list[str] = []
        self.went_on: list[str] = []
        self.stopped: list[str] = []

    def is_running(self, _run_id: str) -> bool:
        return True

    def stop(self, run_id: str) -> None:
        self.stopped.append(run_id)

    def send(self, body: str, *, group: str, dedup_id: str) -> None:
        self.announced.append(dedup_id.partition(":")[0])

    def start(self, ledger: RunLedger) -> bool:
        self.went_on.append(ledger.run_id)
        return True

    def go_on(self, ledger: RunLedger, _kind: str, _reason: str, **_: object) -> bool:
        self.went_on.append(ledger.run_id)
        return True


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def store(tmp_path, clock):
    store = SqliteStore(tmp_path / "home", clock)
    yield store
    store.close()


@pytest.fixture
def playing() -> Playing:
    return Playing()


@pytest.fixture
def scheduler(store, clock, playing) -> Scheduler:
    return Scheduler(
        store=store, publishing=playing, launcher=playing, going_on=playing, clock=clock, redactor=Redactor(),
        concurrency=8,
    )  # fmt: skip


def ledger_of(store, clock, run_id: str) -> RunLedger:
    ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
    thread = {"repository_id": 7, "number": 1, "repository": "acme/calc", "installation_id": 5}
    ledger.append("run.created", thread=thread)
    return ledger


def many_like(tmp_path, run_id: str, count: int) -> None:
    """More rows like that of a run, each a second younger than the one before."""
    with sqlite3.connect(tmp_path / "home/ledger.db") as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO runs"
            " SELECT run_id || '-' || i, thread_key, active, datetime(created_at, '+' || i || ' seconds'),"
            " json_set(summary, '$.run_id', run_id || '-' || i) FROM n, runs WHERE run_id = ?",
            (count, run_id),
        )
    connection.close()


def test_the_oldest_of_a_thousand_active_runs_goes_on_when_its_time_has_come(
    tmp_path, store, clock, playing, scheduler
):
    ledger = ledger_of(store, clock, "old")
    until = clock.now() + timedelta(seconds=60)
    ledger.append("run.parked", reason="outage", note="", until=until.isoformat())
    clock.advance(1)
    ledger_of(store, clock, "new")
    many_like(tmp_path, "new", 1_100)
    clock.advance(60)
    scheduler.tick()
    assert playing.went_on == ["old"]


def test_news_of_every_run_is_announced_when_there_is_more_than_goes_at_once(
    tmp_path, store, clock, playing, scheduler
):
    ledger_of(store, clock, "news").append("run.ended", outcome="failed")
    many_like(tmp_path, "news", 700)
    clock.advance(3_600)
    minutes = 0
    while len(set(playing.announced)) < 701 and minutes < 10:
        scheduler.tick()
        clock.advance(60)
        minutes += 1
    assert minutes == 4
    assert len(playing.announced) <= 4 * 200


def test_what_was_heard_of_workers_is_forgotten(tmp_path, store, clock, playing, scheduler):
    ledger = ledger_of(store, clock, "run")
    ledger.append("run.admitted", reason="", cap_usd=1.0)
    ledger.append("attempt.started", attempt=1, worker="w 1", sandbox="")
    for _ in range(240):
        store.claim(lease_key("run"), "w 1", ttl_seconds=TTL_SECONDS)
        scheduler.tick()
        clock.advance(10)
    assert playing.stopped == []
    with sqlite3.connect(tmp_path / "home/ledger.db") as connection:
        (heard,) = connection.execute("SELECT count(*) FROM claims WHERE key LIKE 'heard:%'").fetchone()
        (cells,) = connection.execute("SELECT count(*) FROM cells").fetchone()
    connection.close()
    assert (heard <= 61, cells) == (True, 0)

    clock.advance(60)
    scheduler.tick()
    assert playing.stopped == ["run"]
