"""Kill the process after every outside effect of a story: nothing is lost, nothing is doubled, at most one call of the
model is repeated.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.scenarios.ground import GROUNDS
from tests.scenarios.sweeping import Telling, die_after, shards, undisturbed
from tests.scenarios.tellings import FixOfAnIssue, Question, RedBranch, Rehearsed, SecondChance, StopAndRetry
from tests.scenarios.tellings_on_pulls import Checks, MovedHead, PatchForAFork, Review, Undo

# On one machine the main story has 98 effects, the question story 146, which ends as the main story does; on AWS they
# have 215 and 322. A spread of them must do each time, because the suites have minutes; SWEEP_EVERY=1 dies after every
# effect of all.
SWEEP = [
    *shards("local", FixOfAnIssue, 5, every=5),
    *shards("local", Question, 4, every=9),
    *shards("local", SecondChance, 1, every=30),
    *shards("local", Review, 2, every=18),
    *shards("local", Checks, 2, every=18),
    *shards("local", Undo, 1, every=12),
    *shards("local", MovedHead, 1, every=30),
    *shards("local", StopAndRetry, 1, every=50),
    *shards("local", PatchForAFork, 1, every=40),
    *shards("local", RedBranch, 1, every=30),
    *shards("local", Rehearsed, 1, every=20),
    *shards("aws", FixOfAnIssue, 3, every=20),
    *shards("aws", Question, 3, every=27),
    *shards("aws", SecondChance, 1, every=150),
    *shards("aws", Review, 1, every=60),
    *shards("aws", Checks, 1, every=60),
    *shards("aws", Undo, 1, every=40),
    *shards("aws", MovedHead, 1, every=120),
    *shards("aws", StopAndRetry, 1, every=250),
    *shards("aws", PatchForAFork, 1, every=150),
    *shards("aws", RedBranch, 1, every=120),
    *shards("aws", Rehearsed, 1, every=120),
]


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, type[Telling]], Sequence[str]]:
    """The effects of a story in which nobody dies; once in a process is enough for its shards."""
    return cache(lambda kind, telling: undisturbed(tmp_path_factory.mktemp("calm"), kind, telling))


@pytest.mark.timeout(600)  # a shard takes 30 s alone, and ten times that on a machine that does ten other things
@pytest.mark.parametrize(("kind", "telling", "first", "step"), SWEEP)
def test_dying_after_any_effect_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
    calm: Callable[[str, type[Telling]], Sequence[str]],
    kind: str,
    telling: type[Telling],
    first: int,
    step: int,
) -> None:
    effects = calm(kind, telling)
    for at in range(first, len(effects) + 1, step):
        die_after(tmp_path / f"at-{at}", kind, telling, [at], effects, may_live=False)


@pytest.mark.parametrize("kind", GROUNDS)
@pytest.mark.parametrize("seed", range(4))
def test_dying_twice_anywhere_loses_nothing_and_doubles_nothing(
    tmp_path: Path, calm: Callable[[str, type[Telling]], Sequence[str]], kind: str, seed: int
) -> None:
    chance = random.Random(seed)
    furthest = [100, 60] if kind == "local" else [200, 120]  # what a port does at once is several requests to AWS
    for number in range(3 if kind == "local" else 1):
        deaths = [chance.randint(1, most) for most in furthest]
        die_after(tmp_path / str(number), kind, Question, deaths, calm(kind, Question), may_live=True)
