"""When things are let go of: not while the clock is doubtful, not before what is needed was renewed, never too much."""

from __future__ import annotations

import pytest

from app.local.retention import LocalKeeping
from app.log import Redactor
from app.recovery import retention
from app.recovery.retention import Retention
from app.runs.run_ledger import RunLedger
from tests.said import said

HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture
def turns(tmp_path, store, clock):
    keeping = LocalKeeping(tmp_path / "home", clock)
    yield Retention(store=store, keeping=keeping, clock=clock, days=30, ledger_days=400)
    keeping.close()


def made(store, clock, run_id: str, *, ends: bool) -> str:
    """A run with a content; the content's digest."""
    ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
    ledger.append(said("run.created", thread={"repository_id": 7, "number": 1, "repository": "acme/calc"}))
    output = ledger.blob(f"output of {run_id}")
    ledger.append(said("command.ran", purpose="verify", command="make test", output=output))
    if ends:
        ledger.append(said("run.ended", outcome="failed"))
    return output.blob


def is_there(store, digest: str) -> bool:
    try:
        return bool(store.get_blob(digest))
    except KeyError:
        return False


def pass_days(clock, turns, days: int) -> None:
    for _ in range(days):
        clock.advance(DAY)
        turns.turn()


def test_nothing_goes_until_the_clock_was_steady_for_a_day(store, clock, turns):
    digest = made(store, clock, "run", ends=True)
    clock.advance(60 * DAY)
    for _ in range(23):
        assert turns.turn() == 0
        clock.advance(HOUR)
    assert is_there(store, digest)
    clock.advance(HOUR)
    turns.turn()
    assert not is_there(store, digest)


@pytest.mark.parametrize("jump", [400 * DAY, 26 * HOUR, -2 * HOUR, -400 * DAY])
def test_a_clock_that_jumps_destroys_nothing_for_a_day(store, clock, turns, jump):
    pass_days(clock, turns, 2)
    digest = made(store, clock, "run", ends=True)
    clock.advance(29.5 * DAY if jump == 26 * HOUR else 0)
    turns.turn()
    clock.set_wall(jump)
    for _ in range(24):
        turns.turn()
        assert is_there(store, digest)
        assert store.events("run")
        clock.advance(HOUR - 1)


def test_a_clock_put_right_again_takes_nothing(store, clock, turns):
    pass_days(clock, turns, 2)
    digest = made(store, clock, "run", ends=True)
    clock.set_wall(3_650 * DAY)
    turns.turn()
    clock.advance(5 * HOUR)
    clock.set_wall(-3_650 * DAY)
    pass_days(clock, turns, 29)
    assert is_there(store, digest)
    pass_days(clock, turns, 3)
    assert not is_there(store, digest)


def test_a_run_at_work_keeps_all_and_its_end_begins_the_days(store, clock, turns):
    active, ended = made(store, clock, "active", ends=False), made(store, clock, "ended", ends=True)
    pass_days(clock, turns, 45)
    assert (is_there(store, active), is_there(store, ended)) == (True, False)
    RunLedger(store, "active", clock=clock, redactor=Redactor()).append(said("run.ended", outcome="failed"))
    pass_days(clock, turns, 29)
    assert is_there(store, active)
    pass_days(clock, turns, 3)
    assert not is_there(store, active)
    assert store.events("active")


def test_nothing_goes_while_more_waits_to_be_renewed_than_one_turn_reads(store, clock, turns, monkeypatch):
    monkeypatch.setattr(retention, "READ_AT_ONCE", 2)
    needed = [made(store, clock, f"active{number}", ends=False) for number in range(5)]
    old = made(store, clock, "old", ends=True)
    turns.turn()
    clock.advance(60 * DAY)
    turns.turn()
    for _ in range(30):
        clock.advance(HOUR)
        turns.turn()
        assert all(is_there(store, digest) for digest in needed)
    assert not is_there(store, old)


def test_a_server_that_was_off_for_months_renews_before_it_deletes(store, clock, turns):
    digest = made(store, clock, "parked", ends=False)
    pass_days(clock, turns, 2)
    clock.advance(90 * DAY)
    for _ in range(30):
        turns.turn()
        clock.advance(HOUR)
    assert is_there(store, digest)


def test_ledgers_go_so_many_at_a_time(store, clock, turns, monkeypatch):
    monkeypatch.setattr(retention, "RETIRED_AT_ONCE", 3)
    pass_days(clock, turns, 2)
    for number in range(7):
        made(store, clock, f"run{number}", ends=True)
    clock.advance(399 * DAY)
    left = []
    for _ in range(6):
        pass_days(clock, turns, 1)
        left.append(len(store.runs()))
    assert left == [7, 4, 1, 0, 0, 0]


def test_what_is_watched_does_not_pile_up(store, clock, turns):
    for number in range(20):
        made(store, clock, f"run{number}", ends=True)
    pass_days(clock, turns, 2)
    assert '"runs": {}' in store.cell(retention.WATCHED)
