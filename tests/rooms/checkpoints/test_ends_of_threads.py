"""What ends a thread: what the door makes of the event, what it means for the work, and what is said of it."""

from __future__ import annotations

from typing import get_args

import pytest

from app.admission.thread_changes import _BY_EVENT
from app.checkpoints.thread_changes import MEANINGS, Kind, ThreadChange, meaning
from app.triggers.ends import CHANGES

# By the door's name of the event: what GitHub may show then, and what the status comment says.
TOLD = {
    "issues.closed": {"issue closed": "The issue was closed, so I stopped. Reopen it and ask again."},
    "issues.transferred": {"issue moved": "The issue moved to another repository, so I stopped. Ask again there."},
    "issues.deleted": {"issue deleted": "The issue was deleted, so I stopped."},
    "issues.locked": {"issue locked": "The conversation was locked, so I stopped. Unlock it and ask again."},
    "pull_request.merged": {"merged": "The pull request was merged, so I stopped."},
    "pull_request.closed": {
        "closed": "The pull request was closed, so I stopped. Reopen it first to go on.",
        "head deleted": "`old` was deleted, which closed the pull request, so I stopped. Restore the branch, reopen "
        "this, and `/agent retry` starts again.",
        "head renamed": "`old` is called `new` now, and GitHub closes what comes from a renamed branch, so I stopped.",
    },
    "pull_request.locked": {
        "locked": "The conversation was locked, so I stopped. Unlock it, and `/agent retry` starts again."
    },
    "pull_request.retargeted": {
        "retargeted": "This goes to `new` now. I had read and tested it against `old`, so I stopped.",
        "base renamed": "",
    },
    "issues.reopened": {},
    "issues.unlocked": {},
    "pull_request.reopened": {},
    "pull_request.unlocked": {},
    "pull_request.converted_to_draft": {},
    "pull_request.ready_for_review": {},
    "pull_request.synchronize": {},
}
NEXT = {
    "head renamed": "Open a pull request from `new` and say there what to do.",
    "retargeted": "`/agent retry` starts again, against `new`.",
}


@pytest.mark.parametrize("event", CHANGES)
def test_an_event_and_what_is_said_of_it(event):
    said = {kind: meaning(ThreadChange(kind=kind, was="old", now="new"), "/agent") for kind in TOLD[event]}
    assert {kind: found.said for kind, found in said.items()} == TOLD[event]
    assert {kind: found.next_step for kind, found in said.items() if found.next_step} == {
        kind: text for kind, text in NEXT.items() if kind in said
    }
    assert CHANGES[event].stops == any(found.stops for found in said.values())
    assert all(found.stops == bool(found.said) for found in said.values())


def test_everything_that_can_be_shown_comes_from_an_event():
    assert TOLD.keys() == CHANGES.keys()
    assert set(get_args(Kind)) == MEANINGS.keys() == {kind for kinds in TOLD.values() for kind in kinds}
    assert set(_BY_EVENT.values()) < MEANINGS.keys()
    assert all(kind in TOLD[event] for event, kind in _BY_EVENT.items())


def test_a_name_with_braces_is_a_name():
    said = meaning(ThreadChange(kind="head deleted", was="{now}"), "/agent").said
    assert said.startswith("`{now}` was deleted")
