"""Results and questions go out in time while eight runs (EVERY_TELLING=1: 32 as well) share an installation's limits.

Time is simulated, so these are no timed assertions: the same play gives the same seconds on every machine.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench.installation.account import percentile, told, violations
from tests.bench.installation.play import ONE_MACHINE, Play
from tests.bench.installation.script import stories
from tests.bench.installation.turns import Turns

# The second is two minutes of computing: `make bench` plays it, too.
PLAYS = [(8, 60), (32, 3_600)] if os.environ.get("EVERY_TELLING") == "1" else [(8, 60)]


@pytest.mark.timeout(900)  # half a minute of computing, on a machine that does nothing else
@pytest.mark.parametrize(("count", "within_seconds"), PLAYS)
def test_what_people_wait_for_is_shown_within_half_a_minute(tmp_path: Path, count: int, within_seconds: float) -> None:
    play = Play(tmp_path, stories(count, within_seconds=within_seconds), ONE_MACHINE)
    try:
        play.run(most_seconds=5_400)
        now = play.clock.now().timestamp()
        items = told(play)
        assert violations(play.github.limits) == []
        assert len(items) >= count
        assert all(item.visible is not None for item in items)
        assert percentile([item.waited(now) for item in items], 0.95) <= 30
    finally:
        play.close()


def test_simulated_time_is_the_same_for_all_who_sleep_and_in_the_same_order() -> None:
    clock, said = Turns(), []

    def speak(name: str, seconds: float) -> None:
        for _ in range(2):
            clock.sleep(seconds)
            said.append((name, (clock.now() - began).total_seconds()))

    began = clock.now()
    clock.begin(lambda: speak("slow", 3.0))
    clock.begin(lambda: speak("fast", 1.0), after_seconds=0.5)
    clock.begin(lambda: (clock.idle(60.0), said.append(("woken", (clock.now() - began).total_seconds()))))
    clock.begin(clock.wake, after_seconds=2.0)
    clock.play(lambda: False, most_seconds=60)
    assert said == [("fast", 1.5), ("woken", 2.0), ("fast", 2.5), ("slow", 3.0), ("slow", 6.0)]


def test_what_goes_wrong_in_a_thread_of_the_play_comes_out() -> None:
    clock = Turns()
    clock.begin(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        clock.play(lambda: False, most_seconds=1)
