"""Bringing a restored workspace to where the model believes it is: the recorded calls again, without the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.agent.tools import Toolbox, changes_tree
from app.agent.tools.outputs import keep_whole
from app.agent.transcript import RESTORED
from app.events.conversing import NoticeGiven
from app.ledger import Event
from app.ports.sandbox import Sandbox
from app.runs.run_ledger import RunLedger

NAMED_DIFFERENCES = 10


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How many calls were carried out again, and what came out differently this time (one line each)."""

    replayed: int
    differences: tuple[str, ...] = ()


def replay_tools(ledger: RunLedger, sandbox: Sandbox, *, after_seq: int, timeout_seconds: float = 600.0) -> Replay:
    """Repeat the calls recorded after event `after_seq` that may have changed the tree, and tell the model.

    Call it once for each restored workspace, before `Agent.run`. Nothing happens on a run whose model has not worked.
    """
    inputs: dict[str, Mapping[str, Any]] = {}
    ran: list[Event] = []
    for event in ledger.events:
        if event.kind == "model.replied":
            content = ledger.read(event.data["content"])
            inputs |= {block["id"]: block for block in content if block["type"] == "tool_use"}
        elif event.kind == "tool.ran":
            ran.append(event)
    if not ran:
        return Replay(replayed=0)
    toolbox = Toolbox(sandbox)
    count, differences = 0, []
    for event in ran:
        use = inputs.get(event.data["tool_use_id"])
        again = event.seq > after_seq and use is not None and not event.data.get("malformed")
        if use is not None and again and changes_tree(use["name"], use["input"]):
            count += 1
            differences += _again(toolbox, event, use, timeout_seconds)
        elif event.data.get("output_path"):
            _output_again(ledger, sandbox, event)
    ledger.append(NoticeGiven(about=RESTORED, text=_notice(count, differences)))
    return Replay(replayed=count, differences=tuple(differences))


def _again(toolbox: Toolbox, event: Event, use: Mapping[str, Any], timeout_seconds: float) -> list[str]:
    """One call again; how its outcome differs, if it does."""
    name = str(event.data.get("output_path") or "output.txt").rsplit("/", 1)[-1]
    result = toolbox.run(use["name"], use["input"], output_name=name, timeout_seconds=timeout_seconds)
    before = (event.data["is_error"], event.data.get("exit_code"))
    if (result.is_error, result.exit_code) == before:
        return []
    return [f"{event.data['summary']}: this time {result.summary}"]


def _output_again(ledger: RunLedger, sandbox: Sandbox, event: Event) -> None:
    """A long output kept as a file: from the ledger, because its command is not run again."""
    reference = event.data["output"]
    keep_whole(sandbox, event.data["output_path"].rsplit("/", 1)[-1], ledger.store.get_blob(reference["blob"]))


def _notice(count: int, differences: list[str]) -> str:
    text = (
        "The work moved to a fresh machine. The files are as you left them"
        + (f" ({count} of your last calls were carried out again)" if count else "")
        + "; the shell is new: it starts in the work tree, and variables, background processes and installed "
        "packages outside the tree may be gone."
    )
    if differences:
        lines = "\n".join(f"- {line}" for line in differences[:NAMED_DIFFERENCES])
        text += f"\nSome ended differently than before, so check what you rely on:\n{lines}"
    return text
