"""Simulated time for several threads: one runs at a time, and when all sleep the clock jumps to whoever wakes first.

So a play of hours takes seconds, and the same play is the same every time.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class _Over(BaseException):
    """The play has ended; unwinds a thread that still sleeps."""


class Turns:
    """Implements `ports.Clock` for the threads it began."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self._waiting: list[tuple[datetime, int, threading.Event]] = []
        self._number = itertools.count()
        self._back = threading.Semaphore(0)
        self._idle: dict[threading.Event, None] = {}  # in the order in which they began to
        self._is_over = False
        self._failed: list[BaseException] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let the others go on; outside of a thread of the play (while it is set up) time passes at once."""
        if not threading.current_thread().name.startswith("turn-"):
            self._now += timedelta(seconds=seconds)
            return
        turn = self._queue(seconds)
        self._back.release()
        self._await(turn)

    def idle(self, seconds: float) -> None:
        """As `sleep`, unless `wake` comes first."""
        turn = self._queue(seconds)
        self._idle[turn] = None
        self._back.release()
        self._await(turn)

    def wake(self) -> None:
        """Whoever idles has its turn now, after the one whose turn it is."""
        for turn in self._idle:
            heapq.heappush(self._waiting, (self._now, next(self._number), turn))
        self._idle.clear()

    def begin(self, do: Callable[[], None], *, after_seconds: float = 0.0) -> None:
        """Do something in a thread of its own, from a moment on."""
        turn = self._queue(after_seconds)

        def body() -> None:
            try:
                self._await(turn)
                do()
            except _Over:
                pass
            except BaseException as error:
                self._failed.append(error)
            self._back.release()

        threading.Thread(target=body, name=f"turn-{next(self._number)}", daemon=True).start()

    def play(self, is_done: Callable[[], bool], *, most_seconds: float) -> None:
        """Until `is_done`, asked between turns, or the time is over. Raises what a thread raised."""
        until = self._now + timedelta(seconds=most_seconds)
        while self._waiting and self._waiting[0][0] <= until and not is_done():
            self._turn()
        self._is_over = True
        while self._waiting:
            self._turn()

    def _turn(self) -> None:
        at, _number, turn = heapq.heappop(self._waiting)
        if turn.is_set():  # it was woken before its time
            return
        self._idle.pop(turn, None)
        self._now = max(self._now, at)
        turn.set()
        self._back.acquire()
        if self._failed:
            raise self._failed[0]

    def _queue(self, seconds: float) -> threading.Event:
        turn = threading.Event()
        heapq.heappush(self._waiting, (self._now + timedelta(seconds=max(0.0, seconds)), next(self._number), turn))
        return turn

    def _await(self, turn: threading.Event) -> None:
        turn.wait()
        if self._is_over:
            raise _Over
