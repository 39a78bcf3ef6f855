"""The arithmetic of moments: apart, bounded in every window, shared by all, and not stopped by a wrong clock."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from app.github.pacer import WRITES
from app.pace import Pace, take

START = 1_772_442_000.0
PACE = Pace(spacing_seconds=1, most=20, window_seconds=60)


@settings(max_examples=150)
@given(
    calls=st.lists(
        st.tuples(st.floats(0, 20), st.integers(1, 5), st.sampled_from([0.0, 5.0, 60.0])), min_size=1, max_size=120
    )
)
def test_no_two_are_too_close_and_no_window_holds_too_many(calls):
    state, now, moments = "", START, []
    for pause, count, within in calls:
        now += pause
        taken = take(state, PACE, now, count=count, within_seconds=within)
        assert len(taken.moments) <= count
        assert all(now <= moment <= now + within for moment in taken.moments)
        assert taken.moments or taken.free_at > now + within
        state = taken.state
        moments += taken.moments
    assert all(later - earlier >= 0.999_999 for earlier, later in itertools.pairwise(moments))
    assert all(later - earlier >= 60 for earlier, later in zip(moments, moments[20:], strict=False))
    assert len(state) < 400


def test_an_hour_of_steady_writing_gives_what_github_allows():
    """Five hundred in the first hour, and not much less in each that follows."""
    state, now, counts = "", START, [0] * 6
    while now < START + 6 * 3600:
        taken = take(state, WRITES, now, count=1, within_seconds=0)
        if taken.moments:
            counts[int((now - START) // 3600)] += 1
            state = taken.state
        now = max(taken.free_at, now + 1)
    assert counts[0] == 500
    assert all(420 <= count <= 500 for count in counts)


def test_a_clock_two_minutes_ahead_stops_nobody_else():
    ahead = take("", WRITES, START + 120, count=3, within_seconds=60)
    others = take(ahead.state, WRITES, START, count=3, within_seconds=15)
    assert others.moments == (START, START + 1, START + 2)
    again = take(others.state, WRITES, START + 1, count=1, within_seconds=15)
    assert again.moments == (START + 3,)


def test_a_clock_two_minutes_behind_waits_its_turn():
    others = take("", WRITES, START, count=3, within_seconds=60)
    behind = take(others.state, WRITES, START - 60, count=1, within_seconds=15)
    assert (behind.moments, behind.free_at) == ((), START + 3)
