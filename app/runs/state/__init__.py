"""How a ledger becomes a state: six small folds, one for each side of a run. Pure.

`apply` is the only place that interprets events for the life of a run.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.ledger import Event
from app.runs.state import conversation, landing, lifecycle, onboarding, publication, work
from app.runs.state.run_state import RunState


def apply(state: RunState, event: Event) -> None:
    """Take one event into the state; of what its author had no right to say, only that it stands there.

    Raises pydantic.ValidationError for an event of the control side that was damaged.
    """
    state.seq, state.head = event.seq, event.digest
    if event.fault and not state.fault:
        state.fault = f"Event {event.seq} (`{event.kind}`) {event.objection}."
    if not event.is_rightful:
        return
    state.updated_at = event.at
    state.created_at = state.created_at or event.at
    if not event.kind.startswith(("publish.", "outcome.")):
        state.visible_seq = event.seq
    said = event.record
    lifecycle.fold(said, state, event)
    conversation.fold(said, state, event)
    work.fold(said, state, event)
    publication.fold(said, state, event)
    onboarding.fold(said, state.onboarding)
    landing.fold(said, state.landing)
    if said.worked_seconds is not None:
        state.attempt_seconds = max(state.attempt_seconds, said.worked_seconds)


def fold(run_id: str, events: Iterable[Event]) -> RunState:
    """The state of a run after `events`."""
    state = RunState(run_id=run_id)
    for event in events:
        apply(state, event)
    return state
