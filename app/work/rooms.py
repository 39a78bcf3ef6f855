"""Which kind of session an attempt needs: by its kind of work, and by what has become of its finished change."""

from __future__ import annotations

from app.playbooks import playbook
from app.runs.state.run_state import RunState
from app.work.merge_session import MergeSession
from app.work.moved_session import MovedSession
from app.work.rehearsal import Rehearsal
from app.work.session import WorkSession


def room_for(state: RunState) -> type[WorkSession]:
    book = playbook(state.created.playbook)
    if not book.asks_model:
        return Rehearsal
    if book.merges_base:
        return MergeSession
    return MovedSession if state.is_overtaken else WorkSession
