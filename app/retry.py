"""Trying again at once, within one process: how often, with which pauses, and looking until something is there.

The longer waits are no matter of this file, because they outlive a process: a job goes back to its queue
(`TransientError.retry_after_seconds`), a run parks (`app.runs.parking`), a publication is asked for again by the clock
(`app.publication.effect`). Standard library only: the door imports it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

_Got = TypeVar("_Got")


def doubled(before: int, *, first_seconds: float, longest_seconds: float) -> float:
    """The pause after that many earlier ones: twice the last one, up to the longest."""
    return min(longest_seconds, first_seconds * 2.0 ** min(before, 60))


class Retry(NamedTuple):
    """One try more than pauses. Where many are refused at one moment, `spread` (0 to 1) is the share of each pause that
    is left to chance, so that they do not come back at one moment; no pause is longer than written.
    """

    pauses_seconds: tuple[float, ...]
    spread: float = 0.0

    @classmethod
    def doubling(cls, tries: int, *, first_seconds: float, longest_seconds: float, spread: float = 0.0) -> Retry:
        pauses = (doubled(n, first_seconds=first_seconds, longest_seconds=longest_seconds) for n in range(tries - 1))
        return cls(tuple(pauses), spread)

    def tries(self, sleep: Callable[[float], None]) -> Iterator[float | None]:
        """Before each try, the pause that will follow it in seconds; None before the last. Whoever is through leaves
        the loop; what comes after the loop is what to do when no try was any good.
        """
        for pause in self.pauses_seconds:
            seconds = pause * (1 - self.spread * int.from_bytes(os.urandom(2), "big") / 2**16)
            yield seconds
            if seconds:
                sleep(seconds)
        yield None

    def call(
        self,
        do: Callable[[], _Got],
        sleep: Callable[[float], None],
        *,
        on: type[Exception],
        waits: Callable[[Exception, float], None] = lambda _error, _seconds: None,
    ) -> _Got:
        """What `do` gives. An error of the kind `on` is raised when the last try met it, any other at once; `waits`
        hears of each before the pause, whose seconds it is told.
        """
        for pause in self.tries(sleep):
            try:
                return do()
            except on as error:
                if pause is None:
                    raise
                waits(error, pause)
        raise AssertionError("unreachable")


def looks(
    every_seconds: float,
    within_seconds: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Before each look for something that others bring about: at once, then every so often until the time is over."""
    over = monotonic() + within_seconds
    yield
    while monotonic() < over:
        sleep(every_seconds)
        yield
