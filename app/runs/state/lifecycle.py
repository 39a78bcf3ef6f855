"""The life of a run: created, queued, launched, at work in stages, parked, ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.kinds import WORKER
from app.ledger import Event
from app.runs.state.run_state import WORKED, RunState, Stage


def _created(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.created = {**state.created, **data}


def _queued(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.phase, state.queue_reason = "queued", data.get("reason", "")


def _launched(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.phase, state.launched = "working", state.launched + 1
    state.cap_usd = data.get("cap_usd", state.cap_usd)
    state.queue_reason = state.park_reason = state.park_note = ""
    state.park_until = None


def _attempt(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    if _is_too_late(state, event):
        return
    _clock_off(state, event)
    _close_stages(state, event)
    state.working_seconds, state.attempt_seconds = state.worked_seconds, 0.0
    state.working_since = None if WORKED in data else event.at  # the worker says it, in ledgers of today
    state.phase, state.attempt = "working", data["attempt"]
    state.park_reason = state.park_note = ""


def _stage_started(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.stages.append(
        Stage(name=data["stage"], started_at=event.at, worked_before=data.get(WORKED), note=data.get("note", ""))
    )
    state.doing = data.get("note", "")


def _stage_ended(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    for stage in reversed(state.stages):
        if stage.name == data["stage"] and stage.ended_at is None:
            _over(stage, event)
            stage.ok, stage.note = data["ok"], data.get("note", "")
            return


def _parked(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    if _is_too_late(state, event):
        return
    _clock_off(state, event)
    _close_stages(state, event)
    state.phase, state.park_reason = "parked", data["reason"]
    state.park_note, state.park_until = data.get("note", ""), data.get("until")


def _is_too_late(state: RunState, event: Event) -> bool:
    """An ended run is brought back, or ended in another way, by the control side only."""
    return event.author == WORKER and state.phase == "ended"


def _ended(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    if _is_too_late(state, event):
        return
    _clock_off(state, event)
    state.phase, state.outcome = "ended", data["outcome"]
    state.reason, state.next_step = data.get("reason", ""), data.get("next_step", "")
    state.park_until = None  # the next reminder of a question nobody waits on any more holds no news back
    state.delayed.clear()  # what is not to be published any more would be waited for without end
    _close_stages(state, event)


def _budget(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.run_usd = data["run_usd"]


def _cancelled(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.cancel = state.cancel or data


def _clock_off(state: RunState, event: Event) -> None:
    if state.working_since:
        state.working_seconds += max(0.0, (event.time - datetime.fromisoformat(state.working_since)).total_seconds())
        state.working_since = None


def _close_stages(state: RunState, event: Event) -> None:
    """A stage that its attempt left open is over, without a verdict."""
    for stage in state.stages:
        if stage.ended_at is None:
            _over(stage, event)


def _over(stage: Stage, event: Event) -> None:
    """By the worker's clock that only goes forward, where both ends have it: the wall's may be set meanwhile."""
    stage.ended_at = event.at
    if stage.worked_before is not None and WORKED in event.data:
        stage.seconds = event.data[WORKED] - stage.worked_before
    else:
        stage.seconds = (event.time - datetime.fromisoformat(stage.started_at)).total_seconds()
    stage.seconds = max(0.0, stage.seconds)


FOLDS = {
    "run.created": _created,
    "run.moved": _created,
    "run.queued": _queued,
    "run.admitted": _launched,
    "attempt.started": _attempt,
    "stage.started": _stage_started,
    "stage.ended": _stage_ended,
    "cancel.requested": _cancelled,
    "budget.raised": _budget,
    "run.parked": _parked,
    "run.resumed": _launched,
    "run.ended": _ended,
}
