"""Whose turn it is: what is urgent is not kept waiting by what is not, and a limit stops everybody."""

from __future__ import annotations

import pytest

from app.errors import TransientError
from app.github.errors import RateLimited
from app.github.pacer import PATIENCE_SECONDS, WRITES, Pacer
from app.local.store import SqliteStore
from app.ports.rate import Priority
from tests.clock import HeldClock


@pytest.fixture
def store(tmp_path, clock):
    made = SqliteStore(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


def take(store: SqliteStore, priority: Priority, within_seconds: float) -> float:
    return store.take_slot("github-pace:1", WRITES, priority=priority, within_seconds=within_seconds)


def test_a_status_edit_waits_behind_a_result_and_not_the_other_way_round(clock, store):
    """Ten results are under way, and their seconds taken: the rest is refused, the eleventh result is not."""
    now = clock.now().timestamp()
    pacer = Pacer(clock, store)
    for _ in range(10):
        take(store, Priority.PEOPLE, PATIENCE_SECONDS)
    for priority in (Priority.MARKS, Priority.STATUS, Priority.BACKGROUND):
        assert pacer.lacks_seconds(1, priority) == 10
        with pytest.raises(RateLimited) as caught:
            pacer.wait(1, priority)
        assert caught.value.retry_after_seconds == pytest.approx(10)
    assert take(store, Priority.PEOPLE, PATIENCE_SECONDS) == now + 10


def test_what_is_not_urgent_never_keeps_a_result_for_more_than_seconds(clock, store):
    asked = [Priority.BACKGROUND] * 20 + [Priority.STATUS] * 20 + [Priority.MARKS] * 20
    for priority in asked:
        try:
            take(store, priority, {Priority.MARKS: 5.0}.get(priority, 1.5))
        except TransientError:
            continue
    assert take(store, Priority.PEOPLE, PATIENCE_SECONDS) - clock.now().timestamp() <= 6


def test_who_sleeps_for_its_turn_does_not_write_when_a_limit_came_meanwhile(clock, store):
    pacer, other = Pacer(clock, store), Pacer(clock, store)
    pacer.wait(1)
    sleep = clock.sleep

    def limited_meanwhile(seconds: float) -> None:
        sleep(seconds)
        other.stop(1, 61)

    clock.sleep = limited_meanwhile
    with pytest.raises(RateLimited) as caught:
        pacer.wait(1)
    assert caught.value.retry_after_seconds == pytest.approx(61)
    clock.sleep = sleep
    assert other.lacks_seconds(1, Priority.STATUS) == pytest.approx(61)
    assert other.lacks_seconds(2, Priority.STATUS) == 0
    clock.advance(61)
    pacer.wait(1, Priority.STATUS)


def test_an_own_pace_without_a_store_keeps_the_same_rules(clock):
    pacer = Pacer(clock)
    for _ in range(WRITES.most_for(Priority.MARKS)):
        pacer.wait(1, Priority.MARKS)
    with pytest.raises(RateLimited):
        pacer.wait(1, Priority.MARKS)
    pacer.wait(1, Priority.PROPOSAL)
    pacer.stop(1, 120)
    with pytest.raises(RateLimited):
        pacer.wait(1, Priority.PEOPLE)
