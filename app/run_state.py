"""The state of a run: the fold of its ledger. Pure.

`RunState.apply` is the only place that interprets events for the life of a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from app.ledger import GENESIS, Event
from app.onboarding_state import OnboardingState

Phase = Literal["created", "queued", "working", "parked", "ended"]
Outcome = Literal[
    "proposed",  # a verified change became a pull request
    "nothing_to_do",
    "not_reproduced",
    "needs_decision",
    "out_of_budget",
    "gave_up",  # it went round in circles; what is known is said
    "failed",
    "cancelled",
    "refused",  # not admitted: role, configuration, protection
    "replied",  # the request was a question to the bot itself (`status`, `help`)
    "onboarded",  # the repositories of an installation are set up
]


@dataclass(kw_only=True)
class Stage:
    name: str
    started_at: str
    ended_at: str | None = None
    ok: bool | None = None
    note: str = ""


@dataclass(kw_only=True)
class RunState:
    """What a run is, after all its events. Made by `fold`; changed by `apply` only."""

    run_id: str
    seq: int = 0
    head: str = GENESIS
    created_at: str = ""
    updated_at: str = ""
    phase: Phase = "created"
    created: Mapping[str, Any] = field(default_factory=dict)
    queue_reason: str = ""
    park_reason: str = ""
    park_note: str = ""
    park_until: str | None = None
    outcome: Outcome | None = None
    reason: str = ""
    next_step: str = ""
    launched: int = 0  # the newest attempt a worker was asked for
    attempt: int = 0  # the newest attempt that started
    stages: list[Stage] = field(default_factory=list)
    commands: list[Mapping[str, Any]] = field(default_factory=list)  # every command.ran, in order
    blocked_hosts: list[str] = field(default_factory=list)
    questions: list[Mapping[str, Any]] = field(default_factory=list)  # question.asked, in order
    answers: list[Mapping[str, Any]] = field(default_factory=list)  # question.answered, in order
    steering: list[Mapping[str, Any]] = field(default_factory=list)  # steer.received, in order
    cancel: Mapping[str, Any] | None = None
    breaking: list[Mapping[str, Any]] = field(default_factory=list)
    finish: Mapping[str, Any] | None = None
    snapshot: Mapping[str, Any] | None = None
    snapshot_seq: int = 0
    verification: Mapping[str, Any] | None = None
    scan: Mapping[str, Any] | None = None
    proposal: Mapping[str, Any] | None = None
    cost_usd: float = 0.0
    turns: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    run_usd: float | None = None  # a budget raised after the start
    working_seconds: float = 0.0
    working_since: str | None = None
    doing: str = ""
    intended: dict[str, str] = field(default_factory=dict)  # key → digest, not yet done
    published: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # key → publish.done
    tries: dict[str, int] = field(default_factory=dict)  # key → intents that came to nothing so far
    visible_seq: int = 0  # last event that GitHub may have to show
    settled_seq: int = 0  # last event that GitHub shows, or that it does not let us show
    onboarding: OnboardingState = field(default_factory=OnboardingState)

    @property
    def is_active(self) -> bool:
        return self.phase != "ended"

    @property
    def open_question(self) -> Mapping[str, Any] | None:
        """The last question that nobody has answered."""
        return self.questions[-1] if len(self.questions) > len(self.answers) else None

    def apply(self, event: Event) -> None:
        self.seq, self.head, self.updated_at = event.seq, event.digest, event.at
        self.created_at = self.created_at or event.at
        if not event.kind.startswith("publish."):
            self.visible_seq = event.seq
        if event.kind.startswith("onboarding."):
            self.onboarding.apply(event.kind, event.data)
        interpret = _FOLDS.get(event.kind)
        if interpret:
            interpret(self, event, event.data)


def _created(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.created = {**state.created, **data}


def _queued(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.phase, state.queue_reason = "queued", data.get("reason", "")


def _launched(state: RunState, _event: Event, _data: Mapping[str, Any]) -> None:
    state.phase, state.launched = "working", state.launched + 1
    state.queue_reason = state.park_reason = state.park_note = ""
    state.park_until = None


def _attempt(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    _clock_off(state, event)
    _close_stages(state, event)
    state.phase, state.attempt, state.working_since = "working", data["attempt"], event.at
    state.park_reason = state.park_note = ""


def _stage_started(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.stages.append(Stage(name=data["stage"], started_at=event.at, note=data.get("note", "")))
    state.doing = data.get("note", "")


def _stage_ended(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    for stage in reversed(state.stages):
        if stage.name == data["stage"] and stage.ended_at is None:
            stage.ended_at, stage.ok, stage.note = event.at, data["ok"], data.get("note", "")
            return


def _command(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.commands.append({**data, "seq": event.seq})


def _egress(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    if not data["allowed"] and data["host"] not in state.blocked_hosts:
        state.blocked_hosts.append(data["host"])


def _replied(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.turns += 1
    state.cost_usd += data["cost_usd"]
    for name, count in data["usage"].items():
        state.tokens[name] = state.tokens.get(name, 0) + int(count)


def _failed_call(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.cost_usd += data.get("cost_usd", 0.0)


def _tool(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.doing = data.get("summary", "")


def _asked(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.questions.append({**data, "seq": event.seq})


def _answered(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.answers.append({**data, "seq": event.seq})


def _steered(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.steering.append({**data, "seq": event.seq})


def _cancelled(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.cancel = state.cancel or data


def _budget(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.run_usd = data["run_usd"]


def _breaking(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.breaking.append(data)


def _finish(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.finish = data


def _snapshot(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.snapshot, state.snapshot_seq = data, event.seq


def _verified(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.verification = data


def _scanned(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.scan = data


def _proposed(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.proposal = data


def _clock_off(state: RunState, event: Event) -> None:
    if state.working_since:
        state.working_seconds += max(0.0, (event.time - datetime.fromisoformat(state.working_since)).total_seconds())
        state.working_since = None


def _close_stages(state: RunState, event: Event) -> None:
    """A stage that its attempt left open is over, without a verdict."""
    for stage in state.stages:
        stage.ended_at = stage.ended_at or event.at


def _parked(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    _clock_off(state, event)
    _close_stages(state, event)
    state.phase, state.park_reason = "parked", data["reason"]
    state.park_note, state.park_until = data.get("note", ""), data.get("until")


def _ended(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    _clock_off(state, event)
    state.phase, state.outcome = "ended", data["outcome"]
    state.reason, state.next_step = data.get("reason", ""), data.get("next_step", "")
    _close_stages(state, event)


def _intended(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.intended[data["key"]] = data["digest"]
    state.tries[data["key"]] = state.tries.get(data["key"], 0) + 1


def _published(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.intended.pop(data["key"], None)
    state.tries.pop(data["key"], None)
    state.published[data["key"]] = data


def _refused_effect(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    """GitHub will not have it: known, so that it is not tried for ever."""
    state.intended.pop(data["key"], None)
    state.tries.pop(data["key"], None)
    result = state.published.get(data["key"], {}).get("result", {})
    state.published[data["key"]] = {**data, "result": result}


def _settled(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.settled_seq = data["through"]


_FOLDS = {
    "run.created": _created,
    "run.moved": _created,
    "run.queued": _queued,
    "run.admitted": _launched,
    "attempt.started": _attempt,
    "stage.started": _stage_started,
    "stage.ended": _stage_ended,
    "command.ran": _command,
    "egress.requested": _egress,
    "model.replied": _replied,
    "model.failed": _failed_call,
    "tool.ran": _tool,
    "question.asked": _asked,
    "question.answered": _answered,
    "steer.received": _steered,
    "cancel.requested": _cancelled,
    "budget.raised": _budget,
    "breaking.reported": _breaking,
    "finish.called": _finish,
    "snapshot.taken": _snapshot,
    "verification.ended": _verified,
    "scan.ended": _scanned,
    "proposal.made": _proposed,
    "run.parked": _parked,
    "run.resumed": _launched,
    "run.ended": _ended,
    "publish.intended": _intended,
    "publish.done": _published,
    "publish.failed": _refused_effect,
    "publish.settled": _settled,
    "publish.abandoned": _settled,
}


def fold(run_id: str, events: Iterable[Event]) -> RunState:
    """The state of a run after `events`."""
    state = RunState(run_id=run_id)
    for event in events:
        state.apply(event)
    return state
