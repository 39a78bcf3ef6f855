"""Kill the process after every outside effect of the main story and of the question story: nothing is lost, nothing
is doubled, at most one call of the model is repeated.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.agent.models.scripted import Script, ask, create, edit, finish, question
from app.simulator import Simulator
from tests.clock import HeldClock
from tests.scenarios import stories
from tests.scenarios.fuse import Fuse, Killed
from tests.scenarios.ground import GROUNDS, ground_of
from tests.scenarios.stage import Bot

_QUESTION_STORY_CALLS = 4  # of the model, when nothing goes wrong


class Play:
    """One telling of a story, by as many processes as it takes."""

    def __init__(self, folder: Path, kind: str, *, asks: bool) -> None:
        self.clock = HeldClock()
        self.github = Simulator(folder / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files=stories.PROJECT, default_branch="main")
        self.ground = ground_of(kind, folder / "home", self.clock)
        self.asks = asks
        self.has_answered = False
        self.effects: list[str] = []
        self.script = Script()
        if asks:
            self.script.will(ask(question("What should it give?", "None", "an error")))
        self.script.will(create("test_by_zero.py", stories.REGRESSION))
        self.script.will(edit("calc.py", "    return a / b\n", "    return a / b if b else None\n"))
        self.script.will(finish("Return None when dividing by zero", "It does now."))
        self.issue = self.github.maintainer.open_issue(self.repo, "Divide by zero", body="It raises.")
        self.github.maintainer.label(self.issue, "agent-fix")

    def process(self, *, dies_after: int | None) -> bool:
        """One process over the same home; whether it lived to the end of the story."""
        fuse = Fuse(dies_after, self.ground)
        self.bot = Bot(self.ground, self.github, self.script, self.clock, change=fuse)
        try:
            self.bot.run_until_idle()
            if self.asks and not self.has_answered:
                self.has_answered = True
                self.github.maintainer.comment(self.issue, "/agent answer 1a")
                self.bot.run_until_idle()
        except Killed:
            if self.bot.arriving:  # GitHub got no answer; whoever looks at failed deliveries asks for it again
                self.github.redeliver(self.bot.arriving)
            return False
        finally:
            self.effects += fuse.effects
            self.bot.close()
        return True

    def close(self) -> None:
        self.ground.close()
        self.github.close()

    def assert_nothing_lost_and_nothing_doubled(self, calls: int, *, deaths: int = 1) -> None:
        """What a person sees is exactly what an undisturbed story leaves behind."""
        marks = [
            comment.read().split("part=")[1].split(" ")[0] for comment in self.issue.comments if "part=" in comment.body
        ]
        expected = ["status", "question-1", "result"] if self.asks else ["status", "result"]
        assert marks == expected
        assert len(self.repo.pulls) == 1
        assert sorted(self.repo.branches) == sorted(["main", self.repo.pulls[0].head])
        assert len(self.repo.pulls[0].commits) == 1
        assert sorted(check.name for check in self.repo.check_runs(self.repo.pulls[0].commits[0].sha)) == [
            "lamplighter",
            "lamplighter/scan",
        ]
        assert self.issue.labels == ["agent:done"]
        assert [run.reason for run in self.bot.runs] == ["proposed"]
        assert self.effects.count("model call") <= calls + deaths
        assert self.bot.verify_ledgers() == []


def shards(kind: str, story: str, count: int, *, every: int = 1) -> list[Any]:
    """Tests that between them die after every effect of a story, or after every so-manieth."""
    marks = [pytest.mark.aws] if kind == "aws" else []
    asks = story == "question story"
    return [
        pytest.param(kind, asks, 1 + every * shard, every * count, marks=marks, id=f"{kind}-{story}-{shard}")
        for shard in range(count)
    ]


# On one machine the main story has 98 effects, the question story 146, which ends as the main story does; on AWS they
# have 215 and 322. A spread of them must do each time, because the suites have minutes; SWEEP_EVERY=1 dies after every
# effect of all four.
_EVERY = int(os.environ.get("SWEEP_EVERY", "0"))
SWEEP = [
    *shards("local", "main story", 6, every=_EVERY or 3),
    *shards("local", "question story", 5, every=_EVERY or 6),
    *shards("aws", "main story", 3, every=_EVERY or 15),
    *shards("aws", "question story", 3, every=_EVERY or 18),
]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Sequence[str]]:
    """The effects of a story in which nobody dies; once in a process is enough for its shards."""

    @cache
    def effects(kind: str, asks: bool) -> Sequence[str]:
        with closing(Play(tmp_path_factory.mktemp("calm"), kind, asks=asks)) as calm:
            assert calm.process(dies_after=None)
            calm.assert_nothing_lost_and_nothing_doubled(calm.effects.count("model call"))
            return calm.effects

    return effects


@pytest.mark.timeout(600)  # a shard takes 30 s alone, and ten times that on a machine that does ten other things
@pytest.mark.parametrize(("kind", "asks", "first", "step"), SWEEP)
def test_dying_after_any_effect_loses_nothing_and_doubles_nothing(
    tmp_path: Path, undisturbed: Callable[..., Sequence[str]], kind: str, asks: bool, first: int, step: int
) -> None:
    effects = undisturbed(kind, asks)
    calls = effects.count("model call")
    for at in range(first, len(effects) + 1, step):
        with closing(Play(tmp_path / f"at-{at}", kind, asks=asks)) as play:
            assert not play.process(dies_after=at), f"effect {at} was never reached"
            assert play.process(dies_after=None)
            try:
                play.assert_nothing_lost_and_nothing_doubled(calls)
            except AssertionError as error:
                raise AssertionError(f"after effect {at} ({effects[at - 1]}): {error}") from error


@pytest.mark.parametrize("kind", GROUNDS)
@pytest.mark.parametrize("seed", range(4))
def test_dying_twice_anywhere_loses_nothing_and_doubles_nothing(tmp_path: Path, kind: str, seed: int) -> None:
    chance = random.Random(seed)
    furthest = [100, 60] if kind == "local" else [200, 120]  # what a port does at once is several requests to AWS
    for telling in range(3 if kind == "local" else 1):
        deaths = [chance.randint(1, most) for most in furthest]
        with closing(Play(tmp_path / str(telling), kind, asks=True)) as play:
            died = sum(not play.process(dies_after=at) for at in deaths)
            assert play.process(dies_after=None)
            try:
                play.assert_nothing_lost_and_nothing_doubled(_QUESTION_STORY_CALLS, deaths=died)
            except AssertionError as error:
                raise AssertionError(f"after {deaths}: {error}") from error
