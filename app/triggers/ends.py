"""What a change of a thread as a whole means for work on it, as far as the payload knows: one table. Pure.

Dispatch asks GitHub whether it is so, and says it: `app.checkpoints.thread_changes` has the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Change(NamedTuple):
    """`stops`: work on the thread stops. `said`: one sentence for *Recent deliveries*."""

    stops: bool
    said: str


_OPEN_AGAIN = Change(False, "It can be worked on again, and work begins when somebody asks for it.")

CHANGES: Mapping[str, Change] = {
    "issues.closed": Change(True, "The issue was closed: work on it stops."),
    "issues.transferred": Change(True, "The issue moved to another repository: work on it stops."),
    "issues.deleted": Change(True, "The issue was deleted: work on it stops."),
    "issues.locked": Change(True, "The conversation was locked: work on it stops."),
    "issues.reopened": _OPEN_AGAIN,
    "issues.unlocked": _OPEN_AGAIN,
    "pull_request.merged": Change(True, "The pull request was merged: work on it stops."),  # GitHub says `closed`
    "pull_request.closed": Change(True, "The pull request was closed without a merge: work on it stops."),
    "pull_request.locked": Change(True, "The conversation was locked: work on it stops."),
    "pull_request.retargeted": Change(  # GitHub says `edited`
        True, "The pull request goes to another branch now: work on it stops, unless that branch was only renamed."
    ),
    "pull_request.reopened": _OPEN_AGAIN,
    "pull_request.unlocked": _OPEN_AGAIN,
    "pull_request.converted_to_draft": Change(False, "It is a draft now, and work on it goes on."),
    "pull_request.ready_for_review": Change(False, "Not built yet: preparing reviews. Work on it goes on."),
    # Most pushes, forced or not, are to branches on which nothing is at work; whoever adds to one looks what it holds.
    "pull_request.synchronize": Change(
        False, "Not built yet: preparing reviews. What was pushed is looked at when there is something to add to it."
    ),
}
