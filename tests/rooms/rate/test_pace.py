"""The arithmetic of moments: apart, bounded in every window, by priority, held, and not stopped by a wrong clock."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.github.pacer import WRITES
from app.ports.rate import Pace, Priority, free_at, held_until, hold, take

START = 1_772_442_000.0
PACE = Pace(spacing_seconds=1, most=20, window_seconds=60, shares=(1.0, 0.5))


@settings(max_examples=150)
@given(
    calls=st.lists(
        st.tuples(st.floats(0, 20), st.sampled_from([0, 0, 1]), st.sampled_from([0.0, 5.0, 60.0])),
        min_size=1,
        max_size=160,
    )
)
def test_no_two_are_too_close_and_no_window_holds_too_many(calls):
    state, now, moments = "", START, []
    for pause, priority, within in calls:
        now += pause
        taken = take(state, PACE, now, priority=priority, within_seconds=within)
        assert taken.free_at == free_at(state, PACE, now, priority=priority)
        if taken.moment is None:
            assert (taken.free_at > now + within, taken.state) == (True, state)
            continue
        assert now <= taken.moment <= now + within
        if priority:
            assert sum(1 for moment in moments if taken.moment - 60 < moment) < 10
        state = taken.state
        moments.append(taken.moment)
    assert all(later - earlier >= 0.999_999 for earlier, later in itertools.pairwise(moments))
    assert all(later - earlier >= 60 for earlier, later in zip(moments, moments[20:], strict=False))
    assert len(state) < 400


@pytest.mark.parametrize("priority", Priority)
def test_an_hour_of_steady_writing_gives_the_share_of_what_github_allows(priority):
    """The whole share in the first hour, and not much less in each that follows."""
    share = WRITES.most_for(priority)
    state, now, counts = "", START, [0] * 6
    while now < START + 6 * 3600:
        taken = take(state, WRITES, now, priority=priority, within_seconds=0)
        if taken.moment is not None:
            counts[int((now - START) // 3600)] += 1
            state = taken.state
        now = max(taken.free_at, now + 1)
    assert counts[0] == share
    assert all(0.95 * share <= count <= share for count in counts)


def test_an_hour_full_of_the_rest_leaves_half_to_what_people_wait_for():
    state, now, taken_by = "", START, dict.fromkeys(Priority, 0)
    for priority in reversed(Priority):
        while (taken := take(state, WRITES, now, priority=priority, within_seconds=0)).moment is not None:
            state, now = taken.state, now + 1
            taken_by[priority] += 1
    assert list(taken_by.values()) == [0, 250, 50, 50, 150]
    assert len(state) < 500  # half a write unit of DynamoDB


@pytest.mark.parametrize("priority", Priority)
def test_a_hold_stops_every_priority(priority):
    state = hold(take("", WRITES, START, within_seconds=0).state, START + 61, START)
    assert take(state, WRITES, START + 60.5, priority=priority, within_seconds=0).moment is None
    assert take(state, WRITES, START + 60.5, priority=priority, within_seconds=1).moment == START + 61


def test_a_hold_is_never_shortened_and_never_longer_than_an_hour():
    state = hold(hold("", START + 61, START), START + 5, START)
    assert held_until(state) == START + 61
    assert held_until(hold(state, START + 10**6, START)) == START + 3660


def test_a_clock_two_minutes_ahead_stops_nobody_else():
    ahead = take("", WRITES, START + 120, within_seconds=60)
    others = take(ahead.state, WRITES, START, within_seconds=15)
    assert others.moment == START
    assert take(others.state, WRITES, START + 0.5, within_seconds=15).moment == START + 1


def test_a_clock_two_minutes_behind_waits_its_turn():
    others = take("", WRITES, START, within_seconds=60)
    behind = take(others.state, WRITES, START - 60, within_seconds=15)
    assert (behind.moment, behind.free_at) == (None, START + 1)
