"""What people and the run said to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.ledger import Event
from app.runs.state.run_state import RunState


def _asked(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.questions.append({**data, "seq": event.seq, "at": event.at})


def _reminded(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.reminders.append(data)
    state.park_until = data["until"]


def _answered(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.answers.append({**data, "seq": event.seq})


def _steered(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.steering.append({**data, "seq": event.seq})


FOLDS = {
    "question.asked": _asked,
    "question.reminded": _reminded,
    "question.answered": _answered,
    "steer.received": _steered,
}
