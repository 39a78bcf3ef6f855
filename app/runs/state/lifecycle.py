"""The life of a run: created, queued, launched, at work in stages, parked, ended."""

from __future__ import annotations

from datetime import datetime
from functools import singledispatch
from typing import Any

from app.events.deciding import (
    BaseFollowed,
    BudgetRaised,
    CancelRequested,
    ChecksRead,
    HeadMoved,
    HeadTaken,
    MaySpend,
    ModelChanged,
    RerunAsked,
    RunCreated,
    RunMoved,
    RunQueued,
)
from app.events.record import WORKER, Record
from app.events.waits import WaitForWorker
from app.events.working import AttemptStarted, RunEnded, RunParked, StageEnded, StageStarted
from app.ledger import Event
from app.playbooks import playbook
from app.runs.state.run_state import RunState
from app.runs.state.told import Stage, Told


@singledispatch
def fold(said: Record, state: RunState, event: Event) -> None:
    """Everything else changes nothing in how a run stands."""


@fold.register
def _created(said: RunCreated, state: RunState, event: Event) -> None:
    state.created, state.is_created = said, True


@fold.register
def _moved(said: RunMoved, state: RunState, event: Event) -> None:
    state.created = state.created.model_copy(update={"thread": said.thread, "clone_url": said.clone_url})


@fold.register
def _base(said: BaseFollowed, state: RunState, event: Event) -> None:
    created = state.created
    if created.target:
        changed: dict[str, Any] = {"target": created.target.model_copy(update={"base_ref": said.ref})}
    else:
        changed = {"base": created.base.model_copy(update={"ref": said.ref})}
    state.created = created.model_copy(update=changed)


@fold.register
def _head(said: HeadTaken, state: RunState, event: Event) -> None:
    created = state.created
    if created.target:
        base = created.base.model_copy(update={"sha": said.sha})
        target = created.target.model_copy(update={"base_sha": said.base_sha})
        task = created.task.model_copy(update={"threads": said.threads})
        state.created = created.model_copy(update={"base": base, "target": target, "task": task})
    state.has_taken_head = True


@fold.register
def _head_moved(said: HeadMoved, state: RunState, event: Event) -> None:
    """What was finished is kept for the merge. Snapshots are of another tree."""
    base = state.created.base.model_copy(update={"sha": said.sha})
    state.created = state.created.model_copy(update={"base": base})
    state.moved, state.moved_seq, state.moves = said, event.seq, state.moves + 1
    state.turns_before, state.head_merge = state.turns, None
    state.snapshot, state.snapshot_seq = None, event.seq
    state.phase, state.wait = "parked", WaitForWorker()
    state.park_note, state.park_until = said.note, said.until
    state.outcome, state.reason, state.next_step = None, "", ""


@fold.register
def _checks(said: ChecksRead, state: RunState, event: Event) -> None:
    created = state.created
    state.checks = said
    task = created.task.model_copy(update={"failures": said.failures})
    base = created.base.model_copy(update={"sha": said.sha})
    state.created = created.model_copy(update={"task": task, "base": base})


@fold.register
def _rerun(said: RerunAsked, state: RunState, event: Event) -> None:
    state.reruns.append(Told(seq=event.seq, at=event.at, said=said))


@fold.register
def _queued(said: RunQueued, state: RunState, event: Event) -> None:
    state.phase, state.queue_reason = "queued", said.reason


@fold.register
def _launched(said: MaySpend, state: RunState, event: Event) -> None:
    state.phase, state.launched = "working", state.launched + 1
    if "cap_usd" in said.model_fields_set:
        state.cap_usd = said.cap_usd
    state.queue_reason = state.park_note = ""
    state.wait = state.park_until = None


@fold.register
def _attempt(said: AttemptStarted, state: RunState, event: Event) -> None:
    if _is_too_late(state, event):
        return
    _clock_off(state, event)
    _close_stages(said, state, event)
    state.working_seconds, state.attempt_seconds = state.worked_seconds, 0.0
    state.working_since = event.at if said.worked_seconds is None else None  # the worker says it, in ledgers of today
    state.phase, state.attempt = "working", said.attempt
    state.wait, state.park_note = None, ""


@fold.register
def _stage_started(said: StageStarted, state: RunState, event: Event) -> None:
    state.stages.append(Stage(name=said.stage, started_at=event.at, worked_before=said.worked_seconds, note=said.note))
    state.doing = said.note


@fold.register
def _stage_ended(said: StageEnded, state: RunState, event: Event) -> None:
    for stage in reversed(state.stages):
        if stage.name == said.stage and stage.ended_at is None:
            _over(stage, said, event)
            stage.ok, stage.note = said.ok, said.note
            return


@fold.register
def _parked(said: RunParked, state: RunState, event: Event) -> None:
    if _is_too_late(state, event):
        return
    _clock_off(state, event)
    _close_stages(said, state, event)
    state.phase, state.wait = "parked", said.wait
    state.park_note, state.park_until = said.note, said.until


@fold.register
def _ended(said: RunEnded, state: RunState, event: Event) -> None:
    if _is_too_late(state, event) or not _may_end_so(said, state, event):
        return
    _clock_off(state, event)
    state.phase, state.outcome = "ended", said.outcome
    state.reason, state.next_step = said.reason, said.next_step
    state.wait = None
    state.park_until = None  # the next reminder of a question nobody waits on any more holds no news back
    state.delayed.clear()  # what is not to be published any more would be waited for without end
    _close_stages(said, state, event)


@fold.register
def _budget(said: BudgetRaised, state: RunState, event: Event) -> None:
    state.run_usd = said.run_usd
    state.budget_changes.append(said)


@fold.register
def _model(said: ModelChanged, state: RunState, event: Event) -> None:
    state.created = state.created.model_copy(update={"alias": said.alias, "model": said.model})
    state.model_changes.append(said)


@fold.register
def _cancelled(said: CancelRequested, state: RunState, event: Event) -> None:
    state.cancel = state.cancel or said


def _is_too_late(state: RunState, event: Event) -> bool:
    """An ended run is brought back, or ended in another way, by the control side only."""
    return event.author == WORKER and state.phase == "ended"


def _may_end_so(said: RunEnded, state: RunState, event: Event) -> bool:
    """A worker ends a run as its kind of work may end; what else one says of it does not count."""
    return event.author != WORKER or said.outcome in playbook(state.created.playbook).outcomes


def _clock_off(state: RunState, event: Event) -> None:
    if state.working_since:
        state.working_seconds += max(0.0, (event.time - datetime.fromisoformat(state.working_since)).total_seconds())
        state.working_since = None


def _close_stages(said: Record, state: RunState, event: Event) -> None:
    """A stage that its attempt left open is over, without a verdict."""
    for stage in state.stages:
        if stage.ended_at is None:
            _over(stage, said, event)


def _over(stage: Stage, said: Record, event: Event) -> None:
    """By the worker's clock that only goes forward, where both ends have it: the wall's may be set meanwhile."""
    stage.ended_at = event.at
    if stage.worked_before is not None and said.worked_seconds is not None:
        stage.seconds = said.worked_seconds - stage.worked_before
    else:
        stage.seconds = (event.time - datetime.fromisoformat(stage.started_at)).total_seconds()
    stage.seconds = max(0.0, stage.seconds)
