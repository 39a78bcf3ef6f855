"""When rounds go in circles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.convergence.rounds import Failure, Round

# Of the lines that a round has changed, and of those that the next one changes: with more than half of both the next
# one takes the round back. A line that is only written in another way is half of either.
_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Circle:
    """`undoes`: most of what the round `of` changed is taken back. `back`: files are again what they were before it."""

    how: Literal["undoes", "back"]
    of: Round
    paths: tuple[str, ...]


def since_asked(rounds: Sequence[Round]) -> Sequence[Round]:
    """The rounds, oldest first, from the last on that a person asked for."""
    asked = [number for number, one in enumerate(rounds) if one.asked]
    return rounds[asked[-1] :] if asked else rounds


def is_again(failures: Iterable[Failure], rounds: Iterable[Round]) -> bool:
    """Whether one of the failures, or one of the tests that fail, is what a round was for."""
    known = [failure for one in rounds for failure in one.failures]
    signatures = {failure.signature for failure in known}
    tests = {test for failure in known for test in failure.tests}
    return any(failure.signature in signatures or failure.tests & tests for failure in failures)


def circle(rounds: Sequence[Round], now: Round) -> Circle | None:
    """Whether the round that is to come takes an earlier one back, the newest first; None when it goes on."""
    for one in reversed(rounds):
        back = tuple(path for path in sorted(now.files) if _is_back(one, now, path))
        if back:
            return Circle(how="back", of=one, paths=back)
        if _undoes(one, now):
            return Circle(how="undoes", of=one, paths=tuple(sorted(one.files.keys() & now.files.keys())))
    return None


def _is_back(one: Round, now: Round, path: str) -> bool:
    before, after = one.files.get(path), now.files[path]
    return before is not None and before.before != before.after and after.after == before.before


def _undoes(one: Round, now: Round) -> bool:
    undone = 0
    for path, (added, removed) in now.lines.items():
        if path in one.lines:
            was_added, was_removed = one.lines[path]
            undone += _common(removed, was_added) + _common(added, was_removed)
    return undone > _SHARE * _size(one) and undone > _SHARE * _size(now)


def _size(one: Round) -> int:
    return sum(sum(lines.values()) for sides in one.lines.values() for lines in sides)


def _common(these: Mapping[str, int], those: Mapping[str, int]) -> int:
    return sum(min(count, those[line]) for line, count in these.items() if line in those)
