"""What the work brought: commands, replies and what they cost, the change and its checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kinds import WORKER
from app.ledger import Event
from app.runs.state.run_state import RunState

EDITOR = "str_replace_based_edit_tool"  # the vendor's name of the tool that writes files


def _command(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.commands.append({**data, "seq": event.seq})


def _egress(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    if not data["allowed"] and data["host"] not in state.blocked_hosts:
        state.blocked_hosts.append(data["host"])


_WAITING = "the model did not answer, trying again: "


def _replied(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    state.turns += 1
    if state.doing.startswith(_WAITING):
        state.doing = ""
    _charge(state, event, data["cost_usd"])
    for name, count in data["usage"].items():
        state.tokens[name] = state.tokens.get(name, 0) + int(count)


def _failed_call(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    _charge(state, event, data.get("cost_usd", 0.0))
    state.doing = f"{_WAITING}{data.get('error', '')}"


def _charge(state: RunState, event: Event, cost_usd: float) -> None:
    """It counts for the day on which it was charged, whenever the run began. Nothing is ever given back."""
    cost_usd = max(0.0, cost_usd)
    state.cost_usd += cost_usd
    if cost_usd:
        day = event.at[:10]  # events are stamped in UTC
        state.spent[day] = state.spent.get(day, 0.0) + cost_usd


def _tool(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.doing = data.get("summary", "")
    if data.get("name") == EDITOR:
        _written(state, str(data.get("summary", "")), data)


def _written(state: RunState, summary: str, data: Mapping[str, Any]) -> None:
    """A write that the editor refused stays in mind until one of the same file is done."""
    words = summary.split(" ", 3)
    if words[:2] == ["could", "not"] and len(words) == 4 and words[2] != "view":
        told = " ".join(block["text"] for block in data.get("content", ()) if block.get("type") == "text")
        state.refused_writes.pop(words[3], None)
        state.refused_writes[words[3]] = f"{summary}: {told}"
    elif not data.get("is_error") and words[0] not in {"viewed", "listed"}:
        state.refused_writes.pop(summary.partition(" ")[2], None)


def _noticed(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    if data.get("about", "") == "verification":
        state.refusal = data.get("why") or data["text"]


def _ready(state: RunState, _event: Event, data: Mapping[str, Any]) -> None:
    state.missing = list(data.get("missing", []))


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


def _proposed(state: RunState, event: Event, data: Mapping[str, Any]) -> None:
    if event.author != WORKER or state.phase != "ended":  # what was decided to be published is not changed any more
        state.proposal = data


FOLDS = {
    "command.ran": _command,
    "egress.requested": _egress,
    "model.replied": _replied,
    "model.failed": _failed_call,
    "tool.ran": _tool,
    "notice.given": _noticed,
    "workspace.ready": _ready,
    "breaking.reported": _breaking,
    "finish.called": _finish,
    "snapshot.taken": _snapshot,
    "verification.ended": _verified,
    "scan.ended": _scanned,
    "proposal.made": _proposed,
}
