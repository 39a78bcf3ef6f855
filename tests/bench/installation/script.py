"""What the runs of a play do, fixed before anybody looked at the numbers: a seed, and one story for each run."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

SEED = 7
STEP_SECONDS = 10.0

Ending = Literal["proposed", "gave_up", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Story:
    """One run: seconds of its stages and steps, whether it asks first and how soon it is answered, how it ends."""

    starts_at: float  # seconds from the beginning of the play
    launch_seconds: float
    clone_seconds: float
    setup_seconds: float
    baseline_seconds: float
    steps: int
    verify_seconds: float
    asks_at_step: int | None
    answer_seconds: float
    ending: Ending


def stories(count: int, *, within_seconds: float, seed: int = SEED) -> list[Story]:
    """`count` runs of about ten minutes that start within `within_seconds`, at random."""
    dice = random.Random(f"{seed}-{count}")
    made = []
    for _ in range(count):
        steps = dice.randint(30, 60)
        made.append(
            Story(
                starts_at=dice.uniform(0, within_seconds),
                launch_seconds=dice.uniform(2, 30),
                clone_seconds=dice.uniform(2, 20),
                setup_seconds=dice.uniform(5, 60),
                baseline_seconds=dice.uniform(5, 60),
                steps=steps,
                verify_seconds=dice.uniform(10, 60),
                asks_at_step=dice.randrange(3, steps) if dice.random() < 0.2 else None,
                answer_seconds=dice.uniform(30, 600),
                ending=dice.choices(("proposed", "gave_up", "cancelled"), (80, 12, 8))[0],
            )
        )
    return made
