"""By what the tests were counted, before a change and with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.projects.workflows.known_commands import BUILDS, LINTS, TESTS
from app.verify.run import CommandResult

_TASK = re.compile(r"(?:^|\s)(?:make|just|task)\s")  # `make check` is what runs the tests where autotools are at home


def unreported(baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> tuple[str, ...]:
    """Commands that pass with the change by what is printed alone, though their runner left a report before it."""
    before = {result.command for result in baseline if result.is_reported}
    by_print = [result.command for result in head if result.ok and not result.is_reported]
    return tuple(command for command in by_print if command in before)


def unread(head: Sequence[CommandResult]) -> tuple[str, ...]:
    """Commands that pass with the change and whose output nobody could read: how many tests they ran is not known. A
    linter or a build is none of them.
    """
    return tuple(result.command for result in head if result.ok and result.counts is None and _tests(result.command))


def _tests(command: str) -> bool:
    is_of_text = LINTS.search(command) or BUILDS.search(command)
    return bool(TESTS.search(command) or _TASK.search(command)) or not is_of_text
