"""The clock's turn among many runs: nobody is forgotten for being old, and a look leaves nothing behind for ever."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from app.log import Redactor
from app.recovery.lost_workers import LostWorkers
from app.runs.lease import TTL_SECONDS, lease_key
from app.schedule import Scheduler
from tests.rooms.spine.playing import ledger_of
from tests.said import said

DAY = 86_400.0


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
    ledger.append(said("run.parked", reason="outage", note="", until=until.isoformat()))
    clock.advance(1)
    ledger_of(store, clock, "new")
    many_like(tmp_path, "new", 1_100)
    clock.advance(60)
    scheduler.tick()
    assert playing.went_on == ["old"]


def test_news_of_every_run_is_announced_when_there_is_more_than_goes_at_once(
    tmp_path, store, clock, playing, scheduler
):
    ledger_of(store, clock, "news").append(said("run.ended", outcome="failed"))
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
    ledger.append(said("run.admitted", reason="", cap_usd=1.0))
    ledger.append(said("attempt.started", attempt=1, worker="w 1", sandbox=""))
    for _ in range(240):
        store.claim(lease_key("run"), "w 1", ttl_seconds=TTL_SECONDS)
        scheduler.tick()
        clock.advance(10)
    assert playing.stopped == []
    with sqlite3.connect(tmp_path / "home/ledger.db") as connection:
        (heard,) = connection.execute("SELECT count(*) FROM claims WHERE key LIKE 'heard:%'").fetchone()
        (cells,) = connection.execute("SELECT count(*) FROM cells").fetchone()
    connection.close()
    assert (heard, cells) == (0, 1)

    clock.advance(60)
    scheduler.tick()
    assert playing.stopped == ["run"]


def test_who_looks_after_one_run_forgets_nothing_of_another(store, clock, playing):
    """As two local runs do, each in a process of its own on the same store."""
    lookouts = [LostWorkers(store, playing, clock) for _ in range(2)]
    for name in ("one", "two"):
        ledger = ledger_of(store, clock, name)
        ledger.append(said("run.admitted", reason="", cap_usd=1.0))
        ledger.append(said("attempt.started", attempt=1, worker="w:1", sandbox=""))
        store.claim(lease_key(name), "w:1", ttl_seconds=TTL_SECONDS)
    lost: dict[str, str] = {}
    for _ in range(7):
        for lookout, name in zip(lookouts, ("one", "two"), strict=True):
            lost |= lookout.among(store.summaries([name]))
        clock.advance(10)
    assert lost == {"one": "silent", "two": "silent"}


class Counted:
    """Counts the calls of what it stands before."""

    def __init__(self, real: object) -> None:
        self._real = real
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self.calls[name] += 1
            return getattr(self._real, name)(*given, **named)

        return call


@pytest.mark.parametrize("phase", ["working", "queued", "parked", "ended"])
def test_a_turn_over_a_thousand_runs_asks_as_often_as_one_over_ten(tmp_path, store, clock, playing, phase):
    """And it opens no ledger: these have none."""
    ledger = ledger_of(store, clock, "run")
    if phase != "queued":
        ledger.append(said("run.admitted", reason="", cap_usd=1.0))
        ledger.append(said("attempt.started", attempt=1, worker="w:1", sandbox=""))
    last = {
        "queued": said("run.queued", reason="full"),
        "parked": said("run.parked", reason="outage", until="2199-01-01T00:00:00+00:00"),
        "ended": said("run.ended", outcome="failed"),
    }
    if phase in last:
        ledger.append(last[phase])
    ledger.append(said("publish.settled", through=ledger.state.visible_seq))

    def asked(count: int) -> Counter[str]:
        many_like(tmp_path, "run", count)
        for name in ("run", *(f"run-{number}" for number in range(1, count + 1))):
            store.claim(lease_key(name), "w:1", ttl_seconds=TTL_SECONDS)
        counted, launcher = Counted(store), Counted(playing)
        Scheduler(
            store=counted, publishing=playing, launcher=launcher, run_launcher=playing, clock=clock,
            redactor=Redactor(),
            concurrency=0,
        ).tick()  # fmt: skip
        clock.advance(10)
        with sqlite3.connect(tmp_path / "home/ledger.db") as connection:
            connection.execute("DELETE FROM runs WHERE run_id LIKE 'run-%'")
        connection.close()
        return counted.calls + launcher.calls

    few = asked(10)
    assert asked(1_000) == few
    reads = {"due": 1, "running": 1, "holders": 1, "cell": 1, "swap_cell": 1}
    assert few == {"working": reads, "queued": {"due": 1, "count": 1}}.get(phase, {"due": 1})
