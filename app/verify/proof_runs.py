"""How the tests of a change are run to see what they prove, by name or with the whole suite."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.claims import TestEnding
from app.verify.named import Named
from app.verify.reach import FLOOR_SECONDS, TIMES
from app.verify.run import CommandResult


@dataclass(frozen=True, kw_only=True)
class WithChange:
    """How tests end with the change. `lost`: the suite does not find them. `reworded`, where they pass only with the
    very text that the change has: how they end with another one.
    """

    endings: Mapping[Named, TestEnding]
    lost: Collection[Named] = ()
    reworded: Mapping[Named, TestEnding] = field(default_factory=dict)


class Runs(Protocol):
    """The tests of one change. Each method lays out the tree that it needs."""

    @property
    def tests(self) -> Sequence[Named]: ...

    @property
    def tells_apart(self) -> bool:
        """Whether the ending of each is its own."""

    @property
    def stays_in_place(self) -> bool:
        """Whether the tree in which the suite ran with the change has to do for `with_change`."""

    @property
    def finds_none(self) -> bool:
        """Whether the counts of the suite tell already that it finds none of them."""

    def at_base(self) -> Mapping[Named, tuple[TestEnding, str]]:
        """How each ends over the base, and how that run ended."""

    def still(self, tests: Sequence[Named], at: str, code: Mapping[str, bytes]) -> Mapping[Named, TestEnding]:
        """How those that failed over the base end over it once more, with `code` by path."""

    def with_change(self, *, in_place: bool) -> WithChange:
        """With all of it, over a clean tree or the one that is there."""


def limit(head: Sequence[CommandResult]) -> float:
    """Seconds for a run without the change: what hangs there would hang in the next one, too."""
    return max(FLOOR_SECONDS, TIMES * sum(result.seconds for result in head))
