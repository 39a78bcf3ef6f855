"""Recorded results as one round of a claim. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.claims import Ending, Round
from app.verify.run import CommandResult

_WORST: tuple[Ending, ...] = ("green", "red", "contradictory", "broken", "killed")
_KEPT = 100  # names of failing tests


def round_of(results: Sequence[CommandResult]) -> Round:
    """The worst of the commands speaks; what found no tests is left out unless nothing did."""
    spoke = [result for result in results if result.ending != "nothing"]
    if not spoke:
        return Round(ending="nothing", ran=0, passed=0)
    worst = max(spoke, key=lambda result: _WORST.index(result.ending))
    counts = [result.counts for result in spoke if result.counts is not None]
    failing = tuple(dict.fromkeys(name for count in counts for name in count.failing))
    total = sum(count.failed + count.errors for count in counts)
    blind = sum(1 for result in spoke if result.counts is None and not result.ok)
    return Round(
        ending=worst.ending,
        how="" if worst.ok else worst.ended,
        passed=sum(count.passed for count in counts) if counts else None,
        ran=sum(count.ran for count in counts) if counts else None,
        failing=failing[:_KEPT],
        unnamed=max(0, total - len(failing)) + max(0, len(failing) - _KEPT) + blind,
    )
