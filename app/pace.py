"""How fast several processes may do one thing together: the arithmetic. The store keeps the state between them.

Pure: no IO, no clock.
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

# A window slides in steps of a tenth of itself: what is kept are a dozen counts instead of every moment.
_STEPS = 10

# Nobody waits longer than a minute for a moment. A timeline that is farther ahead was moved by a clock that is wrong,
# and following it would stop everybody else for as long.
_FARTHEST_SECONDS = 90.0


class Pace(NamedTuple):
    """At least `spacing_seconds` between two, and at most `most` in any `window_seconds`."""

    spacing_seconds: float
    most: int
    window_seconds: float


class Taken(NamedTuple):
    """The moments that were taken (epoch seconds, ascending), when the next is free, and the state to keep."""

    moments: tuple[float, ...]
    free_at: float
    state: str


def take(state: str, pace: Pace, now: float, *, count: int, within_seconds: float) -> Taken:
    """Take up to `count` of the free moments from `now` (epoch seconds) on that are at most `within_seconds` (a minute
    or less) away.

    `state` is that of the last call, "" at first.
    """
    kept: dict[str, Any] = json.loads(state) if state else {"next": 0.0, "used": {}}
    used = {int(step): int(number) for step, number in kept["used"].items()}
    step_seconds = pace.window_seconds / _STEPS
    following = float(kept["next"]) if kept["next"] - now <= _FARTHEST_SECONDS else 0.0
    moments: list[float] = []
    while True:
        at = max(now, following)
        while _used_at(used, step := math.floor(at / step_seconds)) >= pace.most:
            at = (step + 1) * step_seconds
        if len(moments) == count or at - now > within_seconds:
            break
        moments.append(at)
        following = at + pace.spacing_seconds
        used[step] = used.get(step, 0) + 1
    recent = {str(key): number for key, number in used.items() if key >= math.floor(now / step_seconds) - _STEPS}
    return Taken(tuple(moments), at, json.dumps({"next": following, "used": recent}, separators=(",", ":")))


def _used_at(used: dict[int, int], step: int) -> int:
    """What any window that ends in this step can hold: it touches one step more than it is long."""
    return sum(number for key, number in used.items() if step - _STEPS <= key <= step)
