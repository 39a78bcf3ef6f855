"""Taking turns, medians, and the row of the table that comes of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much is done. The ratios come from the same code at every scale; a miniature only shows that it works."""

    rounds: int = 5  # turns of everything that takes a second
    events: int = 300  # through the warm door, a turn
    cold_starts: int = 15
    small_repository: tuple[int, int, int] = (600, 100, 5)  # files, commits, MB of the bare repository
    big_repository: tuple[int, int, int] = (5000, 400, 200)
    first_calls: int = 3  # turns with a warm mirror
    cold_mirrors: int = 1  # turns without one
    steps: tuple[int, ...] = (10, 50, 200)
    step_rounds: int = 3
    token_steps: tuple[int, ...] = (50, 200)
    peer: bool = True  # install and run the peer
    runs_at_once: int = 8
    commands: int = 100
    suite_tests: int = 300
    messages: int = 40  # through dispatch and publish on AWS
    installation_runs: tuple[int, ...] = (8, 32, 100)  # in simulated time
    rehearsed: tuple[str, ...] = ("cleo", "fastify-error", "magic-string", "mcp")
    storm: int = 100  # workflows that fail on one commit, ten deliveries each


MINIATURE = Scale(
    rounds=1,
    rehearsed=(),
    events=3,
    cold_starts=1,
    small_repository=(20, 3, 0),
    big_repository=(0, 0, 0),
    first_calls=1,
    cold_mirrors=0,
    steps=(3,),
    step_rounds=1,
    token_steps=(6,),
    peer=False,
    runs_at_once=1,
    commands=2,
    suite_tests=2,
    messages=2,
    installation_runs=(2,),
    storm=2,
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: ours and the floor with their units, their ratio, and the aim where the issue names one."""

    what: str
    ours: str
    floor: str = ""
    ratio: float | None = None
    aim: float | None = None
    note: str = ""
    broken: bool = False  # it could not be measured

    @property
    def misses(self) -> bool:
        return self.broken or (self.aim is not None and self.ratio is not None and self.ratio > self.aim)


Sides = Mapping[str, Callable[[], float]]


def in_turns(rounds: int, sides: Sides) -> dict[str, list[float]]:
    """Every side once a round, in alternating order, so that a machine that slows down slows down both."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        names = list(sides)
        for name in names if number % 2 == 0 else reversed(names):
            found[name].append(sides[name]())
    return found


def ratio(ours: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the rounds' own ratios: what both sides of a round suffered together drops out."""
    return statistics.median(a / b for a, b in zip(ours, floor, strict=True))


def compared(
    what: str, ours: Sequence[float], floor: Sequence[float], show: Callable[[float], str], **more: object
) -> Row:
    """The row of two lists measured in turns."""
    return Row(
        what=what,
        ours=show(statistics.median(ours)),
        floor=show(statistics.median(floor)),
        ratio=ratio(ours, floor),
        **more,  # type: ignore[arg-type]
    )


def ms(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 1 else f"{value:.3f} ms"


def secs(seconds: float) -> str:
    return f"{seconds:.2f} s"


def mb(size_bytes: float) -> str:
    return f"{size_bytes / 2**20:.0f} MB"


def kilo(tokens: float) -> str:
    return f"{tokens / 1000:.1f} k"
