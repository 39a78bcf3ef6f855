"""What a run that has ended leaves of a change that it did not finish. Pure."""

from __future__ import annotations

from app.events.working import SnapshotTaken
from app.playbooks import playbook
from app.runs.state.run_state import RunState


def left(state: RunState) -> SnapshotTaken | None:
    """The last snapshot, if it holds a change that is one by itself: half a merge is none."""
    is_merge = playbook(state.created.playbook).merges_base
    return state.snapshot if state.snapshot and state.snapshot.changed and not is_merge else None


def goes_on_a_branch(state: RunState) -> SnapshotTaken | None:
    """The same of a run that a person stopped, and of which no finished change is kept anyway. Not of a fork: a branch
    here would bring in its commits, and start this repository's workflows on them.
    """
    if state.created.target and state.created.target.fork:
        return None
    is_stopped = state.outcome == "cancelled" and bool(state.cancel and state.cancel.keeps)
    return left(state) if is_stopped and not state.proposal else None


def is_cut_short(state: RunState) -> bool:
    """Whether something was done of which no snapshot tells: whoever did it died before it could keep it."""
    return state.worked_seq > state.snapshot_seq
