"""The one policy for trying again: pauses, chance, what is raised in the end; and who in app/ may wait on their own."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from app.errors import TransientError, UserError
from app.retry import Retry, doubled, looks
from tests.rooms.agent.bench import Clock

APP = Path(__file__).parents[3] / "app"

# Loops that wait by themselves, and why neither a retry nor a look within a time is what they do.
WAITS = {
    "agent/patience.py": "in slices, asking between them whether to leave",
    "agent/models/scripted_model.py": "until a test lets the reply go",
    "aws/warm.py": "for a run, as long as the worker may stand ready, renewing its place",
    "cli/demo/watching.py": "shows news between two looks",
    "cli/demo/world.py": "for processes of the demo's own",
    "cli/local_run.py": "follows a run, saying what it does",
    "cli/runs.py": "follows a run, saying what it does",
    "cli/work.py": "for its own thread",
    "sandbox/cgroup.py": "for the kernel, whose last process is leaving",
    "sandbox/keeper.py": "inside the sandbox, where nothing but the standard library is loaded",
    "sandbox/local.py": "kills again before each look",
    "sandbox/remote/container.py": "kills again before each look",
    "sandbox/remote/first_process.py": "inside the sandbox, where nothing but the standard library is loaded",
    "sandbox/remote/server.py": "until it is ended",
    "sandbox/remote/session.py": "beats, and kills again before each look",
    "server/service.py": "for its own thread",
}


@pytest.fixture
def clock():
    return Clock()


class Away:
    """Fails as often as it was told to, then answers."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error, self.asked = times, error, 0

    def __call__(self) -> str:
        self.asked += 1
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return "answer"


@pytest.mark.parametrize(
    ("failures", "slept"), [(0, []), (1, [1.0]), (2, [1.0, 3.0])], ids=["at once", "after one", "at the last try"]
)
def test_an_answer_is_waited_for(clock, failures, slept):
    heard: list[float] = []
    do = Away(failures, TransientError("away"))
    got = Retry((1.0, 3.0)).call(do, clock.sleep, on=TransientError, waits=lambda _error, pause: heard.append(pause))
    assert (got, clock.slept, heard) == ("answer", slept, slept)


def test_the_last_error_is_raised_as_it_was_and_nobody_waits_for_it(clock):
    do = Away(9, TransientError("away", retry_after_seconds=7))
    with pytest.raises(TransientError) as caught:
        Retry((1.0, 3.0)).call(do, clock.sleep, on=TransientError)
    assert (caught.value.retry_after_seconds, do.asked, clock.slept) == (7, 3, [1.0, 3.0])


def test_another_error_is_raised_at_once(clock):
    do = Away(9, UserError("refused"))
    with pytest.raises(UserError):
        Retry((1.0, 3.0)).call(do, clock.sleep, on=TransientError)
    assert (do.asked, clock.slept) == (1, [])


def test_a_pause_of_nothing_is_none(clock):
    assert list(Retry((0.0, 0.1)).tries(clock.sleep)) == [0.0, 0.1, None]
    assert clock.slept == [0.1]


def test_whoever_is_through_does_not_wait(clock):
    for _pause in Retry((1.0,)).tries(clock.sleep):
        break
    assert clock.slept == []


def test_pauses_double_up_to_the_longest():
    assert Retry.doubling(5, first_seconds=1.0, longest_seconds=4.0).pauses_seconds == (1.0, 2.0, 4.0, 4.0)
    assert doubled(10**6, first_seconds=1.0, longest_seconds=60.0) == 60.0


def test_those_who_were_refused_at_one_moment_do_not_come_back_at_one_moment():
    spread = Retry((10.0,), spread=0.5)
    pauses = set()
    for _ in range(50):
        clock = Clock()
        assert [pause is None for pause in spread.tries(clock.sleep)] == [False, True]
        pauses.add(clock.slept[0])
    assert len(pauses) > 40
    assert all(5.0 < pause <= 10.0 for pause in pauses)


@pytest.mark.parametrize(("within", "count"), [(0.0, 1), (0.9, 2), (1.0, 2), (2.5, 4)])
def test_a_look_comes_at_once_and_a_last_one_after_the_time(clock, within, count):
    begun = clock.now()
    assert sum(1 for _ in looks(1.0, within, sleep=clock.sleep, monotonic=clock.monotonic)) == count
    assert clock.now() - begun == timedelta(seconds=count - 1)


def test_nobody_else_in_the_house_waits_in_a_loop_of_their_own():
    """GitHub's client is apart: how long it waits depends on what GitHub answered. The simulator is no product."""
    found = {
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        if path.relative_to(APP).parts[0] not in {"github", "simulator"} and path.name != "retry.py"
        for loop in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(loop, ast.For | ast.While)
        for call in ast.walk(loop)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("sleep")
    }
    assert found == set(WAITS)
