"""Patience with a vendor that does not answer: how long to wait before the next try, and when to wait no more."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from app.agent.stops import Stop
from app.ports.platform import Clock
from app.retry import doubled

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
SPREAD = 0.25  # of a wait, on top: runs that failed together do not come back together
SLICE_SECONDS = 2.0  # between two looks for a cancellation, a signal, a heartbeat that is due
PARK_SECONDS = 300.0  # at least, once the patience is used up


class Patience:
    """For one reply: `seconds` in all, counted from the beginning of the first call that failed.

    `leave` is asked between slices of a wait whether there is a reason to stop.
    """

    def __init__(self, seconds: float, *, run_id: str, clock: Clock, leave: Callable[[], Stop | None]) -> None:
        self._seconds, self._clock, self._leave = seconds, clock, leave
        self._failures = 0
        self._since: datetime | None = None
        # Spreads the retries of many runs; which value it takes decides nothing.
        self._jitter = random.Random(run_id)  # noqa: S311

    def wait(self, problem: str, started: datetime, *, asked_seconds: float) -> Stop | None:
        """Wait after a call that began at `started` and failed; a stop where that would take more patience than is
        left, or where it was asked for meanwhile. `asked_seconds`: the vendor's retry-after, 0 without one.
        """
        self._failures += 1
        self._since = self._since or started
        backoff = doubled(self._failures - 1, first_seconds=FIRST_WAIT_SECONDS, longest_seconds=LONGEST_WAIT_SECONDS)
        seconds = max(asked_seconds, backoff) * (1 + self._jitter.random() * SPREAD)
        if seconds > self._seconds - (self._clock.now() - self._since).total_seconds():
            park_seconds = max(asked_seconds, PARK_SECONDS)
            return Stop(kind="model_unavailable", detail=problem, retry_after_seconds=park_seconds)
        while seconds > 0:
            stop = self._leave()
            if stop:
                return stop
            self._clock.sleep(min(SLICE_SECONDS, seconds))
            seconds -= SLICE_SECONDS
        return self._leave()
