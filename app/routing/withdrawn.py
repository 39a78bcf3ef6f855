"""The rule about a thread that has ended, moved or lost its label: what is at work on it. Pure."""

from __future__ import annotations

from app.checkpoints.thread_changes import meaning
from app.routing.asked import Asked, is_withdrawal
from app.routing.found import Found
from app.routing.steps import Follow, Ignore, Step, Stop


def withdrawn(asked: Asked, found: Found) -> Step | None:
    """The thread or its label is gone, so what works on it stops if GitHub says so too."""
    if not is_withdrawal(asked.job):
        return None
    runs = tuple(run for run in found.active if run.is_meant)
    if not runs or not found.holds:
        return Ignore()
    if found.change is None:
        return Stop(runs=runs, reason=asked.job.reason)
    means = meaning(found.change, asked.prefix)
    if not means.stops:
        return Follow(runs=runs, base_ref=found.change.now)
    return Stop(runs=runs, reason=asked.job.reason, told=means.said, next_step=means.next_step)
