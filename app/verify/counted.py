"""By what the tests were counted, before a change and with it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.verify.run import CommandResult


def unreported(baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> tuple[str, ...]:
    """Commands that pass with the change by what is printed alone, though their runner left a report before it."""
    before = {result.command for result in baseline if result.is_reported}
    by_print = [result.command for result in head if result.ok and not result.is_reported]
    return tuple(command for command in by_print if command in before)
