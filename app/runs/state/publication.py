"""What was meant to be on GitHub, what is, and how far that has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.ledger import Event
from app.runs.state.run_state import RunState


def _intended(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.intended[data["key"]] = data["digest"]
    state.tries[data["key"]] = state.tries.get(data["key"], 0) + 1


def _withdrawn(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    """It was certainly not made: the next try need not look for it."""
    state.intended.pop(data["key"], None)
    state.tries.pop(data["key"], None)


def _published(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.intended.pop(data["key"], None)
    state.delayed.pop(data["key"], None)
    state.tries.pop(data["key"], None)
    state.published[data["key"]] = {**data, "at": event.at}


def _refused_effect(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    """GitHub will not have it: known, so that it is not tried for ever."""
    state.intended.pop(data["key"], None)
    state.delayed.pop(data["key"], None)
    state.tries.pop(data["key"], None)
    result = state.published.get(data["key"], {}).get("result", {})
    state.published[data["key"]] = {**data, "result": result, "at": event.at}


def _delayed(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    """A refusal did nothing; what an earlier try may have done stays possible."""
    if not data["maybe_done"]:
        state.intended.pop(data["key"], None)
    state.tries.pop(data["key"], None)
    count = state.delayed.get(data["key"], {}).get("count", 0) + 1
    state.delayed[data["key"]] = {"error": data["error"], "until": data["until"], "count": count}


def _resumed(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    """The proposal is to be published after all: what was refused is no longer taken for done."""
    state.outcome, state.reason, state.next_step = "proposed", "", ""
    state.cancel = None
    state.delayed.clear()
    state.published = {key: done for key, done in state.published.items() if "error" not in done}
    state.resumptions.append(data)


def _settled(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.settled_seq = data["through"]


FOLDS = {
    "publish.intended": _intended,
    "publish.withdrawn": _withdrawn,
    "publish.done": _published,
    "publish.failed": _refused_effect,
    "publish.delayed": _delayed,
    "proposal.resumed": _resumed,
    "publish.settled": _settled,
    "publish.abandoned": _settled,
}
