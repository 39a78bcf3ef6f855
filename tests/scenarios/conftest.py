"""The nouns of the stories (`clock`, `ground`, `github`, `model`, `bot`, `repo`), and their laws: no comment
goes unread, nothing shows the bot at work that is not.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import log
from app.agent.models.scripted import Script
from app.simulator import Simulator
from tests.clock import HeldClock
from tests.scenarios import laws, stories, voice
from tests.scenarios.ground import GROUNDS, Ground, ground_of
from tests.scenarios.stage import Bot, every_message_twice

pytest.register_assert_rewrite("tests.scenarios.tellings", "tests.scenarios.tellings_on_pulls")

_MANY_CASES = 3
_IN_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 1 << 30  # a story writes two or three megabytes, and a container's own may hold 64 in all


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, is_own_base: bool) -> Iterator[Path]:
    """In memory where there is room: a tenth of a story's CPU went into its disk's journal. What somebody wants to
    look at afterwards (`--basetemp`) stays where he wants it.
    """
    if not is_own_base or not _takes_stories(_IN_MEMORY):
        yield request.getfixturevalue("tmp_path")
        return
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-story-", dir=_IN_MEMORY))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _takes_stories(folder: Path) -> bool:
    """Whether there is room, and programs may be started there."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    there = os.statvfs(folder)
    return not there.f_flag & os.ST_NOEXEC and there.f_bavail * there.f_frsize >= _ROOM_BYTES


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def github(tmp_path: Path, clock: HeldClock) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path / "github", clock=clock.now)
    yield simulator
    simulator.close()


@pytest.fixture
def model() -> Script:
    return Script()


@pytest.fixture
def repo(github: Simulator):
    """A small project with one bug, whose tests need nothing installed."""
    return github.repository("acme/calc", files=stories.PROJECT, default_branch="main")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Which of the four tellings of a story the suites have minutes for; EVERY_TELLING=1 tells all of them.

    On one machine every case is told once, and of four cases one twice; on AWS, where a request to the emulated account
    takes ten times as long, a case is told in one of both ways, and of a story with many cases every third.
    """
    if os.environ.get("EVERY_TELLING") == "1":
        return
    left_out = {item for item in items if _is_the_other_telling(item)}
    left_out |= _cases_left_out([item for item in items if item not in left_out])
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=sorted(left_out, key=lambda item: item.nodeid))


def _told(item: pytest.Item) -> tuple[str, str]:
    """On which ground and how often webhooks come; empty for what is no story."""
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return (str(params["ground"]), str(params["make_bot"])) if {"ground", "make_bot"} <= params.keys() else ("", "")


def _cases_left_out(items: list[pytest.Item]) -> set[pytest.Item]:
    stories: dict[str, list[pytest.Item]] = {}
    for item in items:
        if _told(item)[0] == "aws":
            stories.setdefault(item.nodeid.partition("[")[0], []).append(item)
    many = (cases for cases in stories.values() if len(cases) > _MANY_CASES)
    return {item for cases in many for number, item in enumerate(cases) if number % 3}


def _is_the_other_telling(item: pytest.Item) -> bool:
    """The case that AWS tells twice is the one that one machine tells only once."""
    ground, telling = _told(item)
    case = item.nodeid.replace("once-", "").replace("twice-", "").replace("-local", "").replace("-aws", "")
    turn = zlib.crc32(case.encode()) % 4
    is_told_twice_on_aws = turn in {1, 3}
    if ground == "aws":
        return telling != ("twice" if is_told_twice_on_aws else "once")
    return ground == "local" and telling == "twice" and turn != 0


@pytest.fixture(params=GROUNDS)
def ground(request: pytest.FixtureRequest, tmp_path: Path, clock: HeldClock) -> Iterator[Ground]:
    made = ground_of(request.param, tmp_path / "home", clock)
    yield made
    made.close()


@pytest.fixture(params=["once", "twice"])
def make_bot(
    request: pytest.FixtureRequest, ground: Ground, github: Simulator, model: Script, clock: HeldClock
) -> Iterator[Callable[..., Bot]]:
    """In the `twice` telling every webhook is sent twice and every message is taken twice; the story is the same."""
    github.redelivery_mode = request.param == "twice"
    made: list[Bot] = []

    def make(**settings: Any) -> Bot:
        change = every_message_twice if github.redelivery_mode else (lambda platform: platform)
        made.append(Bot(ground, github, model, clock, **{"change": change, **settings}))
        return made[-1]

    with log.captured() as lines:
        yield make
    defects = [line for line in lines if line["level"] == "error"]
    assert not defects, f"an error escaped a handler: {defects}"
    assert github.unknown_requests == []
    assert (github.limits.exceeded, github.limits.ignored) == ([], []), "GitHub had to say twice that it is too much"
    assert github.limits.closest_seconds >= 0.999, "two writes of one installation within a second"
    for bot in made:
        assert bot.verify_ledgers() == bot.untruths
        assert bot.thoughts_lost() == []
    left = laws.left_at_work(made[-1], github) if made else []
    assert not left, f"GitHub still shows the bot at work: {left}"
    for bot in made:
        bot.close()
    if request.param == "once" and "local" in request.node.nodeid:
        voice.collect(github.world.repositories.values(), request.node.nodeid)
    unread = [comment.body for comment in github.unread_bot_comments()]
    assert not unread, f"the bot said something that no assertion read: {unread}"


@pytest.fixture
def bot(make_bot: Callable[..., Bot]) -> Bot:
    return make_bot()
