"""How a ledger becomes a state: one small fold for each side of a run. Pure.

`apply` is the only place that interprets events for the life of a run.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.ledger import Event
from app.runs.state import conversation, lifecycle, publication, work
from app.runs.state.run_state import WORKED, RunState

_FOLDS = {**lifecycle.FOLDS, **conversation.FOLDS, **work.FOLDS, **publication.FOLDS}


def apply(state: RunState, event: Event) -> None:
    """Take one event into the state; of what its author had no right to say, only that it stands there."""
    state.seq, state.head = event.seq, event.digest
    if event.fault and not state.fault:
        state.fault = f"Event {event.seq} (`{event.kind}`) {event.objection}."
    if not event.is_rightful:
        return
    state.updated_at = event.at
    state.created_at = state.created_at or event.at
    if not event.kind.startswith("publish."):
        state.visible_seq = event.seq
    if event.kind.startswith("onboarding."):
        state.onboarding.apply(event.kind, event.data)
    interpret = _FOLDS.get(event.kind)
    if interpret:
        interpret(state, event, event.data)
    if WORKED in event.data:
        state.attempt_seconds = max(state.attempt_seconds, float(event.data[WORKED]))


def fold(run_id: str, events: Iterable[Event]) -> RunState:
    """The state of a run after `events`."""
    state = RunState(run_id=run_id)
    for event in events:
        apply(state, event)
    return state
