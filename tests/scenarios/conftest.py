"""The nouns of the stories: `clock`, `github`, `model`, `bot`, `repo`; and the law that no comment goes unread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.agent.scripted_model import Script
from app.simulator import Simulator
from tests.scenarios.stage import Bot, StoryClock, every_message_twice

CALC = '''"""Arithmetic."""


def divide(a, b):
    return a / b
'''

TEST_CALC = """from calc import divide


def test_divides():
    assert divide(6, 3) == 2
"""

CONFIG = """setup: []
verify: ["python3 -m unittest -q"]
"""

UNITTEST_CALC = """import unittest

from calc import divide


class Divides(unittest.TestCase):
    def test_divides(self):
        self.assertEqual(divide(6, 3), 2)
"""


@pytest.fixture
def clock() -> StoryClock:
    return StoryClock()


@pytest.fixture
def github(tmp_path: Path, clock: StoryClock) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path / "github", clock=clock.now)
    yield simulator
    simulator.close()


@pytest.fixture
def model() -> Script:
    return Script()


@pytest.fixture
def repo(github: Simulator):
    """A small project with one bug, whose tests need nothing installed."""
    return github.repository(
        "acme/calc",
        files={"calc.py": CALC, "test_calc.py": UNITTEST_CALC, ".github/lamplighter.yml": CONFIG},
        default_branch="main",
    )


@pytest.fixture(params=["once", "twice"])
def bot(
    request: pytest.FixtureRequest, tmp_path: Path, github: Simulator, model: Script, clock: StoryClock
) -> Iterator[Bot]:
    """In the `twice` telling every webhook is sent twice and every message is taken twice; the story is the same."""
    github.redelivery_mode = request.param == "twice"
    change = every_message_twice if github.redelivery_mode else (lambda platform: platform)
    playing = Bot(tmp_path / "home", github, model, clock, change=change)
    yield playing
    playing.close()
    assert github.unknown_requests == []
    assert playing.verify_ledgers() == []
    unread = [comment.body for comment in github.unread_bot_comments()]
    assert not unread, f"the bot said something that no assertion read: {unread}"
