"""The crash sweep: a story told again and again, each time by a process that dies after another of its outside effects
and one that finds what it left.

A story in the sweep is its telling: what stood there before, what people do, what a person sees in the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.agent.models.scripted import Script
from app.simulator import Simulator
from tests.clock import HeldClock
from tests.scenarios import laws, stories
from tests.scenarios.fuse import Fuse, Killed
from tests.scenarios.ground import ground_of
from tests.scenarios.stage import Bot


class Telling:
    """One telling of a story, by as many processes as it takes."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.clock = HeldClock()
        self.github = Simulator(folder / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files=stories.PROJECT, default_branch="main")
        self.ground = ground_of(kind, folder / "home", self.clock)
        self.script = Script()
        self.effects: list[str] = []
        self.deaths = 0
        self.turns: list[Callable[[], object]] = []  # what people do next, each when the bot has nothing left to do
        self.scene()
        self.effects.clear()  # what the scene took is no part of the sweep

    def scene(self) -> None:
        """Set up what stands there before, and what people will do."""
        raise NotImplementedError

    def enter(self) -> None:
        """What there is to do to the bot of a process that begins."""

    def assert_the_end(self) -> None:
        """What a person sees is exactly what an undisturbed story leaves behind."""
        raise NotImplementedError

    def process(self, *, dies_after: int | None = None) -> bool:
        """One process over the same home; whether it lived to the end of the story."""
        fuse = Fuse(dies_after, self.ground)
        self.bot = Bot(self.ground, self.github, self.script, self.clock, change=fuse)
        try:
            self.enter()
            self.bot.run_until_idle()
            while self.turns:
                self.turns.pop(0)()
                self.bot.run_until_idle()
        except Killed:
            self.deaths += 1
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

    def assert_nothing_lost_and_nothing_doubled(self, calls: int) -> None:
        """`calls` of the model is what the story takes when nothing goes wrong."""
        self.assert_the_end()
        assert self.effects.count("model call") <= calls + self.deaths
        assert self.bot.verify_ledgers() == []
        assert laws.left_at_work(self.bot, self.github) == []


def shards(kind: str, telling: type[Telling], count: int, *, every: int) -> Iterator[Any]:
    """Tests that between them die after every so-manieth effect of a story; with SWEEP_EVERY=1 after each."""
    every = int(os.environ.get("SWEEP_EVERY", "0")) or every
    marks = [pytest.mark.aws] if kind == "aws" else []
    for shard in range(count):
        name = f"{kind}-{telling.__name__}-{shard}"
        yield pytest.param(kind, telling, (every + 1) // 2 + every * shard, every * count, marks=marks, id=name)


def undisturbed(folder: Path, kind: str, telling: type[Telling]) -> Sequence[str]:
    """The effects of a story in which nobody dies."""
    with closing(telling(folder, kind)) as calm:
        assert calm.process()
        calm.assert_nothing_lost_and_nothing_doubled(calm.effects.count("model call"))
        return calm.effects


def die_after(
    folder: Path, kind: str, telling: type[Telling], deaths: Sequence[int], effects: Sequence[str], *, may_live: bool
) -> None:
    """Tell it with processes that die after so many effects each; `effects` are those of the undisturbed story."""
    with closing(telling(folder, kind)) as told:
        for at in deaths:
            told.process(dies_after=at)
        # A telling may be an effect shorter than the calm one: what two commands printed is kept once when it is equal
        # to the hundredth of a second.
        over_before = len(told.effects) < deaths[0]
        assert may_live or over_before or told.deaths == len(deaths), f"effect {deaths} was never reached"
        try:
            assert told.process()
            told.assert_nothing_lost_and_nothing_doubled(effects.count("model call"))
        except AssertionError as error:
            where = ", ".join(f"{at} ({effects[at - 1]})" for at in deaths[:1])
            raise AssertionError(f"after effect {where}, then {list(deaths[1:])}: {error}") from error
