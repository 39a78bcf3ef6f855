"""Kill the process after outside effects of the review story and of the story of failed checks: one commit, one answer
in each thread, nothing doubled.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.agent.models.scripted import Script, answer_thread, edit, finish
from app.simulator import Simulator
from tests.clock import HeldClock
from tests.scenarios import stories
from tests.scenarios.fuse import Fuse, Killed
from tests.scenarios.ground import ground_of
from tests.scenarios.stage import Bot
from tests.scenarios.test_failed_checks import BROKEN, LOG


class OnPull:
    """One telling of a story on a person's pull request, by as many processes as it takes."""

    def __init__(self, folder: Path, kind: str, story: str) -> None:
        self.clock, self.story = HeldClock(), story
        self.github = Simulator(folder / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files=stories.PROJECT, default_branch="main")
        self.ground = ground_of(kind, folder / "home", self.clock)
        self.effects: list[str] = []
        self.github.contributor.push(self.repo, "whole", {"calc.py": BROKEN}, message="Whole numbers")
        self.pull = self.github.contributor.open_pull(self.repo, "whole", "Whole numbers")
        self.theirs = self.pull.head_sha
        answers = [answer_thread(1, "Divides now."), answer_thread(2, "It stays.", done=False)]
        self.script = Script().will(
            edit("calc.py", "    return a // b\n", "    return a / b\n"),
            *(answers if story == "review" else []),
            finish("Divide, not floor", "The operator was wrong."),
        )
        self.has_asked = False
        if story == "review":
            remarks = [("calc.py", 5, "/agent divide"), ("calc.py", 4, "/agent drop this line")]
            self.github.maintainer.review(self.pull, "commented", "/agent please", comments=remarks)
        else:
            self.github.ci.fail(self.repo, self.theirs, log=LOG)

    def process(self, *, dies_after: int | None) -> bool:
        """One process over the same home; whether it lived to the end of the story."""
        fuse = Fuse(dies_after, self.ground)
        self.bot = Bot(self.ground, self.github, self.script, self.clock, change=fuse)
        try:
            self.bot.run_until_idle()
            if self.story == "checks" and not self.has_asked:
                self.has_asked = True
                self.github.maintainer.comment(self.pull, "/agent ci")
                self.bot.run_until_idle()
        except Killed:
            if self.bot.arriving:
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
        """One commit on theirs, one comment of each kind, one answer in each thread."""
        assert list(self.repo.commit(self.pull.head_sha).parents) == [self.theirs]
        said = [comment.read() for comment in self.pull.comments if comment.body.startswith("<!-- lamplighter")]
        marks = sorted(text.split("-->")[0].split("part=")[-1].split(" ")[0] for text in said)
        diagnoses = [text for text in said if text.startswith("<!-- lamplighter checks -->")]
        assert [mark for mark in marks if mark in {"status", "result"}] == ["result", "status"]
        assert len(diagnoses) == (self.story == "checks")
        assert len(said) == 2 + len(diagnoses)
        if self.story == "review":
            assert [len(thread.comments) for thread in self.pull.review_threads] == [2, 2]
            assert [thread.resolved_by is not None for thread in self.pull.review_threads] == [True, False]
        assert [check.name for check in self.repo.check_runs(self.pull.head_sha)] == ["lamplighter", "lamplighter/scan"]
        stood_on = [check for check in self.repo.check_runs(self.theirs) if check.name.startswith("lamplighter")]
        diagnosed = ["lamplighter/diagnosis"] * len(diagnoses)
        assert sorted(check.name for check in stood_on) == ["lamplighter", *diagnosed]
        assert {check.conclusion for check in stood_on} == {"neutral"}
        assert [len(check.annotations) for check in stood_on if check.annotations] == [1] * len(diagnoses)
        assert sorted(run.reason for run in self.bot.runs) == sorted(
            ["proposed"] if self.story == "review" else ["diagnosed", "proposed"]
        )
        assert self.effects.count("model call") <= calls + deaths
        assert self.bot.verify_ledgers() == []


def shards(kind: str, story: str, count: int, *, every: int) -> list[Any]:
    """As in the sweep of the main story."""
    every = int(os.environ.get("SWEEP_EVERY", "0")) or every
    marks = [pytest.mark.aws] if kind == "aws" else []
    return [
        pytest.param(kind, story, 1 + every * shard, every * count, marks=marks, id=f"{kind}-{story}-{shard}")
        for shard in range(count)
    ]


SWEEP = [
    *shards("local", "review", 2, every=12),
    *shards("local", "checks", 2, every=12),
    *shards("aws", "review", 1, every=60),
    *shards("aws", "checks", 1, every=60),
]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Sequence[str]]:
    """The effects of a story in which nobody dies."""

    @cache
    def effects(kind: str, story: str) -> Sequence[str]:
        with closing(OnPull(tmp_path_factory.mktemp("calm"), kind, story)) as calm:
            assert calm.process(dies_after=None)
            calm.assert_nothing_lost_and_nothing_doubled(calm.effects.count("model call"), deaths=0)
            return calm.effects

    return effects


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "story", "first", "step"), SWEEP)
def test_dying_on_a_pull_request_loses_nothing_and_doubles_nothing(
    tmp_path: Path, undisturbed: Callable[[str, str], Sequence[str]], kind: str, story: str, first: int, step: int
) -> None:
    effects = undisturbed(kind, story)
    calls = effects.count("model call")
    for at in range(first, len(effects) + 1, step):
        with closing(OnPull(tmp_path / f"at-{at}", kind, story)) as play:
            assert not play.process(dies_after=at), f"effect {at} was never reached"
            assert play.process(dies_after=None)
            try:
                play.assert_nothing_lost_and_nothing_doubled(calls)
            except AssertionError as error:
                raise AssertionError(f"after effect {at} ({effects[at - 1]}): {error}") from error
