"""Whether the tests as they are can judge a change at all: asked before the first call of the model. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from app.checks.test_files import holds_tests
from app.projects import Plan
from app.verify.run import CommandResult

Why = Literal["unknown", "killed", "broken", "nothing", "unread"]


@dataclass(frozen=True, kw_only=True)
class Unfit:
    """`unknown`: nobody knows how the project is tested. Else how `result` ended; `example` is a test not found.
    `unread`: commands that were found fail, and nothing of what they print is about a test.
    """

    why: Why
    result: CommandResult | None = None
    example: str = ""


def unfit(
    plan: Plan, baseline: Sequence[CommandResult], paths: Collection[str], *, repairs: bool = False
) -> Unfit | None:
    """Why no change could be accepted, whatever it is; None when one could.

    `paths` are those of the base. A project without any test passes where its runner is known: the change may bring
    the first one. With `repairs` a failed check is what the run is for: tests that cannot be loaded may be just that.
    """
    if not plan.verify:
        return Unfit(why="unknown")
    for result in baseline:
        if result.ending == "killed":
            return Unfit(why="killed", result=result)
        if result.ending == "broken" and not (repairs and result.is_unloaded):
            return Unfit(why="broken", result=result)
    existing = sorted(path for path in paths if holds_tests(path))
    if existing and baseline and all(result.ending == "nothing" for result in baseline):
        return Unfit(why="nothing", result=baseline[-1], example=existing[0])
    is_found = bool(plan.projects)  # what a person has configured may be red for what the run is to mend
    if is_found and baseline and not repairs and all(_is_unread(result) for result in baseline):
        return Unfit(why="unread", result=baseline[-1])
    return None


def _is_unread(result: CommandResult) -> bool:
    return result.ending == "red" and result.counts is None
