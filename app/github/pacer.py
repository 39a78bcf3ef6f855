"""How fast one installation may write, by all processes together, and what goes first when it is tight."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

import httpx
from githubkit.throttling import BaseThrottler

from app.errors import TransientError
from app.github.errors import RateLimited
from app.ports import rate
from app.ports.platform import Clock
from app.ports.rate import Pace, Priority

# GitHub's documented secondary limits: a second between writes; 80 content-creating requests a minute, which the
# second keeps by itself; 500 an hour. Which writes create content GitHub does not say: all are counted.
#
# Half of the hour is kept for what people wait for. The word on a run's end takes seven writes (tree, commit, ref, pull
# request, ready, result, status), its other marks about ten: with half each, labels and checks give way at about 25
# runs an hour and results at 35. The status stops before the marks do, and onboarding before both.
WRITES = Pace(spacing_seconds=1.0, most=500, window_seconds=3600.0, shares=(1.0, 1.0, 0.5, 0.4, 0.3))

# Longer than this nobody sleeps in a thread; the caller gets RateLimited and comes back.
PATIENCE_SECONDS = 61.0

# How far ahead a moment may be taken. What is not urgent takes near ones only: whoever comes next and is, waits for
# those alone, and the publisher's thread is free again soon.
_AHEAD_SECONDS = {Priority.MARKS: 5.0, Priority.STATUS: 1.5, Priority.BACKGROUND: 1.5}


class Slots(Protocol):
    """Whoever keeps the moments that were taken: the store, or one process by itself. As `ports.Store` says."""

    def take_slot(self, key: str, pace: Pace, *, priority: int = 0, within_seconds: float) -> float: ...

    def hold_slots(self, key: str, pace: Pace, *, until: float) -> None: ...

    def slots(self, key: str) -> str: ...


class Pacer:
    """One for a process; `slots` is shared by all that write to the same installations. Thread-safe."""

    def __init__(self, clock: Clock, slots: Slots | None = None, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._slots = slots or _OwnSlots(clock)

    def wait(self, installation_id: int, priority: Priority = Priority.PEOPLE) -> None:
        """Sleep until it is this write's turn. Raises RateLimited when that is farther away than its patience, or when
        GitHub stopped the installation meanwhile.
        """
        key, within = _key(installation_id), self._ahead_seconds(priority)
        try:
            moment = self._slots.take_slot(key, WRITES, priority=priority, within_seconds=within)
        except TransientError as error:
            raise _limited(str(error), error.retry_after_seconds) from error
        if moment <= (now := self._now()):
            return
        self._clock.sleep(moment - now)
        held = rate.held_until(self._slots.slots(key)) - self._now()
        if held > 0:
            raise _limited("GitHub asked for a pause.", held)

    def lacks_seconds(self, installation_id: int, priority: Priority) -> float:
        """0 when `wait` would give a turn just now, else how far away the next one is. Takes none."""
        now = self._now()
        away = rate.free_at(self._slots.slots(_key(installation_id)), WRITES, now, priority=priority) - now
        return away if away > self._ahead_seconds(priority) else 0.0

    def stop(self, installation_id: int, seconds: float) -> None:
        """GitHub limits this installation: nobody, in any process, writes for so long."""
        self._slots.hold_slots(_key(installation_id), WRITES, until=self._now() + seconds)

    def _ahead_seconds(self, priority: Priority) -> float:
        return min(self._patience_seconds, _AHEAD_SECONDS.get(priority, self._patience_seconds))

    def _now(self) -> float:
        return self._clock.now().timestamp()


class Turns(BaseThrottler):
    """A pacer as githubkit asks for it: `wait` sleeps until it is the request's turn, or raises."""

    def __init__(self, wait: Callable[[httpx.Request], None]) -> None:
        self._wait = wait

    @contextmanager
    def acquire(self, request: httpx.Request) -> Iterator[None]:
        self._wait(request)
        yield

    @asynccontextmanager
    async def async_acquire(self, request: httpx.Request) -> AsyncIterator[None]:
        """githubkit asks for it; nothing here is asynchronous."""
        self._wait(request)
        yield


def _key(installation_id: int) -> str:
    return f"github-pace:{installation_id}"


def _limited(why: str, seconds: float) -> RateLimited:
    return RateLimited(f"This installation cannot write to GitHub just now: {why}", retry_after_seconds=seconds)


class _OwnSlots:
    """For a process that writes alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}

    def take_slot(self, key: str, pace_: Pace, *, priority: int = 0, within_seconds: float) -> float:
        with self._lock:
            now = self._clock.now().timestamp()
            taken = rate.take(self.slots(key), pace_, now, priority=priority, within_seconds=within_seconds)
            if taken.moment is None:
                raise TransientError("too much was written lately.", retry_after_seconds=taken.free_at - now)
            self._states[key] = taken.state
            return taken.moment

    def hold_slots(self, key: str, _pace: Pace, *, until: float) -> None:
        with self._lock:
            self._states[key] = rate.hold(self.slots(key), until, self._clock.now().timestamp())

    def slots(self, key: str) -> str:
        return self._states.get(key, "")
