"""A scheduler whose launcher, queue and control side only play."""

from __future__ import annotations

import pytest

from app.log import Redactor
from app.schedule import Scheduler
from tests.rooms.spine.playing import Playing


@pytest.fixture
def playing() -> Playing:
    return Playing()


@pytest.fixture
def scheduler(store, clock, playing) -> Scheduler:
    return Scheduler(
        store=store, publishing=playing, launcher=playing, run_launcher=playing, clock=clock, redactor=Redactor(),
        concurrency=8,
    )  # fmt: skip
