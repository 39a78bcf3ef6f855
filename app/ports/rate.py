"""How fast several processes may do one thing together, and who goes first: the arithmetic. The store keeps the state.

Pure: no IO, no clock.
"""

from __future__ import annotations

import json
import math
from enum import IntEnum
from typing import NamedTuple

# A window slides in steps: what is kept are five dozen counts instead of every moment, and after a full window the
# next moment comes at most one step (a minute of an hour) later than it could.
_STEPS = 60

# Nobody waits longer than a minute for a moment. A timeline that is farther ahead was moved by a clock that is wrong,
# and following it would stop everybody else for as long.
_FARTHEST_SECONDS = 90.0

# GitHub's counts begin anew every hour: whoever is told to wait longer was told so about something else.
_LONGEST_HOLD_SECONDS = 3_660.0


class Priority(IntEnum):
    """Whose turn it is first. Lower goes before higher."""

    PEOPLE = 0  # a person waits for it: questions, results, answers, the end of a run, a stop
    PROPOSAL = 1  # branch and pull request
    MARKS = 2  # labels, checks, reactions, the first status comment
    STATUS = 3  # what a run at work is doing just now
    BACKGROUND = 4  # nobody waits: onboarding


class Pace(NamedTuple):
    """At least `spacing_seconds` between two, and at most `most` in any `window_seconds`.

    `shares` says, by priority, which part of `most` may be used up when it is somebody's turn: what is above a
    priority's share is kept for those before it. A priority that is not in the list may use all.
    """

    spacing_seconds: float
    most: int
    window_seconds: float
    shares: tuple[float, ...] = ()

    def most_for(self, priority: int) -> int:
        share = self.shares[priority] if priority < len(self.shares) else 1.0
        return math.floor(self.most * share)


class Taken(NamedTuple):
    """The moment that was taken (epoch seconds; None: none was near enough), when the next is free for this priority,
    and the state to keep.
    """

    moment: float | None
    free_at: float
    state: str


class _State(NamedTuple):
    following: float = 0.0  # the first moment that keeps the distance to the last one taken
    held_until: float = 0.0  # nobody may before that
    first: int = 0  # the step to which the first count belongs
    counts: tuple[int, ...] = ()

    def used(self, step: int) -> int:
        """What any window that ends in this step can hold: it touches one step more than it is long."""
        start = max(0, step - _STEPS - self.first)
        return sum(self.counts[start : max(0, step - self.first + 1)])

    def counted(self, step: int, oldest: int) -> _State:
        """With one more in `step`, and without what is before `oldest`."""
        known = {self.first + index: count for index, count in enumerate(self.counts) if self.first + index >= oldest}
        known[step] = known.get(step, 0) + 1
        first = min(known)
        return self._replace(first=first, counts=tuple(known.get(key, 0) for key in range(first, max(known) + 1)))


def take(state: str, pace: Pace, now: float, *, priority: int = 0, within_seconds: float) -> Taken:
    """Take the first moment from `now` (epoch seconds) on that is free for `priority`, if it is at most
    `within_seconds` (a minute or less) away.

    `state` is that of the last call, "" at first. One moment at a time: who takes several stands in the way of those
    who come later and should go first.
    """
    kept = _read(state, now)
    at = _free_at(kept, pace, now, priority)
    if at - now > within_seconds:
        return Taken(None, at, state)
    step_seconds = pace.window_seconds / _STEPS
    kept = kept._replace(following=at + pace.spacing_seconds)
    kept = kept.counted(math.floor(at / step_seconds), math.floor(now / step_seconds) - _STEPS)
    return Taken(at, at, _written(kept))


def free_at(state: str, pace: Pace, now: float, *, priority: int = 0) -> float:
    """The moment (epoch seconds) that `take` would give, however far away."""
    return _free_at(_read(state, now), pace, now, priority)


def hold(state: str, until: float, now: float) -> str:
    """The state in which nobody gets a moment before `until` (epoch seconds; an hour from `now` at most)."""
    kept = _read(state, now)
    return _written(kept._replace(held_until=max(kept.held_until, min(until, now + _LONGEST_HOLD_SECONDS))))


def held_until(state: str) -> float:
    """Until when (epoch seconds) nobody may; in the past when everybody may."""
    return _read(state, 0.0).held_until


def _free_at(kept: _State, pace: Pace, now: float, priority: int) -> float:
    most, step_seconds = pace.most_for(priority), pace.window_seconds / _STEPS
    at = max(now, kept.following, kept.held_until)
    while kept.used(step := math.floor(at / step_seconds)) >= most:
        at = (step + 1) * step_seconds
    return at


def _read(state: str, now: float) -> _State:
    if not state:
        return _State()
    kept = _State(**(found := json.loads(state)) | {"counts": tuple(found["counts"])})
    return kept if kept.following - now <= _FARTHEST_SECONDS else kept._replace(following=0.0)


def _written(kept: _State) -> str:
    return json.dumps(kept._asdict(), separators=(",", ":"))
