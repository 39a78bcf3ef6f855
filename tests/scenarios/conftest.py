"""The nouns of the stories: `clock`, `github`, `model`, `bot`, `repo`; and the law that no comment goes unread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.agent.scripted_model import Script
from app.simulator import Simulator
from tests.scenarios.stage import Bot, StoryClock

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


@pytest.fixture
def bot(tmp_path: Path, github: Simulator, model: Script, clock: StoryClock) -> Iterator[Bot]:
    playing = Bot(tmp_path / "home", github, model, clock)
    yield playing
    playing.close()
    unread = [comment.body for comment in github.unread_bot_comments()]
    assert not unread, f"the bot said something that no assertion read: {unread}"
