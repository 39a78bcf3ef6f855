"""When a fix of the default branch begins that nobody has asked for, by the runs on the issue of its cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.admission.red_fixes import standing
from app.events.deciding import CancelRequested, RunCreated
from app.events.outcomes import PullEnded
from app.jobs.job import red_fix
from app.runs.state.landing import Landing
from app.runs.state.run_state import RunState

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def run(how: str, *, days: float = 1, own: bool = True) -> RunState:
    """A run on the issue, so many days old; `own` begun by itself."""
    gathers = red_fix("5" * 16) if own else ""
    state = RunState(run_id=how, created=RunCreated(gathers=gathers), attempt=1, phase="ended", outcome="proposed")
    state.created_at = (NOW - timedelta(days=days)).isoformat()
    if how in {"merged", "closed"}:
        state.landing = Landing(ended=PullEnded(number=1, merged=how == "merged", at=state.created_at))
    elif how in {"withdrawn", "stopped"}:
        state.outcome, state.cancel = "cancelled", CancelRequested(by="ada", keeps=how == "stopped")
    elif how == "active":
        state.phase, state.outcome = "working", None
    elif how != "open":
        state.outcome = how
    if how in {"refused", "replied"}:
        state.attempt = 0
    return state


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], "begins"),
        ([run("active")], "waits"),
        ([run("open")], "waits"),
        ([run("open", own=False)], "waits"),
        ([run("closed")], "waits"),  # a person did not want it
        ([run("gave_up")], "waits"),  # which has been said
        ([run("needs_decision")], "waits"),
        ([run("stopped")], "waits"),
        ([run("withdrawn")], "begins"),
        ([run("refused"), run("replied", own=False)], "begins"),
        ([run("refused"), run("open")], "waits"),
        ([run("merged")], "begins"),
        ([run("merged"), run("merged")], "tired"),
        ([run("withdrawn"), run("withdrawn")], "tired"),
        ([run("merged", own=False), run("merged")], "begins"),
        ([run("merged"), run("merged", days=31)], "begins"),
        ([run("open"), run("merged")], "waits"),
    ],
    ids=lambda value: " ".join(one.run_id for one in value) or "none" if isinstance(value, list) else value,
)
def test_one_fix_and_one_more_after_it_was_merged(runs, expected):
    assert standing(runs, NOW) == expected
