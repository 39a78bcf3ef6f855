"""How fast one installation may write, by all processes together."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import Protocol

from app.errors import TransientError
from app.github.errors import RateLimited
from app.pace import Pace, take
from app.ports import Clock

# GitHub's documented secondary limits: a second between writes; 80 content-creating requests a minute, which the
# second keeps by itself; 500 an hour.
WRITES = Pace(spacing_seconds=1.0, most=500, window_seconds=3600.0)

# Longer than this nobody sleeps in a thread; the caller gets RateLimited and comes back.
PATIENCE_SECONDS = 61.0

# Who writes again this soon writes a whole batch (comment, labels, check run, commit): moments are then taken three at
# a time, so that the store is asked once for three writes. At most two are lost with each batch.
_BATCH_SECONDS = 5.0
_BATCH = 3

# A moment that has just passed is as good as the present; an older one may be too close to another's.
_LATE_SECONDS = 0.2


class Slots(Protocol):
    """Whoever keeps the moments that were taken: the store, or one process by itself."""

    def take_slots(self, key: str, pace: Pace, *, count: int, within_seconds: float) -> list[float]: ...


class Pacer:
    """One for a process; `slots` is shared by all that write to the same installations. Thread-safe."""

    def __init__(self, clock: Clock, slots: Slots | None = None, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._slots = slots or _OwnSlots(clock)
        self._lock = threading.Lock()
        self._taken: dict[int, deque[float]] = defaultdict(deque)
        self._last: dict[int, float] = {}

    def wait(self, installation_id: int) -> None:
        """Sleep until the installation may write again. Raises RateLimited when that is farther away than the patience
        (a minute).
        """
        with self._lock:
            now = self._clock.now().timestamp()
            moment = self._next(installation_id, now)
            self._last[installation_id] = moment
        if moment > now:
            self._clock.sleep(moment - now)

    def _next(self, installation_id: int, now: float) -> float:
        taken = self._taken[installation_id]
        while taken and taken[0] < now - _LATE_SECONDS:
            taken.popleft()
        if not taken:
            count = _BATCH if now - self._last.get(installation_id, 0.0) < _BATCH_SECONDS else 1
            try:
                key = f"github-writes:{installation_id}"
                taken.extend(self._slots.take_slots(key, WRITES, count=count, within_seconds=self._patience_seconds))
            except TransientError as error:
                raise RateLimited(
                    f"This installation cannot write to GitHub just now: {error}",
                    retry_after_seconds=error.retry_after_seconds,
                ) from error
        return taken.popleft()


class _OwnSlots:
    """For a process that writes alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[str, str] = {}

    def take_slots(self, key: str, pace: Pace, *, count: int, within_seconds: float) -> list[float]:
        now = self._clock.now().timestamp()
        taken = take(self._states.get(key, ""), pace, now, count=count, within_seconds=within_seconds)
        if not taken.moments:
            raise TransientError("too much was written lately.", retry_after_seconds=taken.free_at - now)
        self._states[key] = taken.state
        return list(taken.moments)
