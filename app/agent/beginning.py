"""How a conversation begins: what every call sends first, made by the first attempt and read by all later ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.agent import prompt
from app.agent.tools import offered
from app.ledger import canonical
from app.playbooks import playbook
from app.runs.run_ledger import RunLedger


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """As the first attempt sent it: a newer prompt or another work tree would unsettle all that was thought."""

    system: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]]
    opening: Sequence[Mapping[str, Any]]  # the blocks of the first user message

    @cached_property
    def fixed_bytes(self) -> int:
        """The size of what comes before the first message."""
        return len(canonical([self.system, self.tools]))

    @property
    def tool_names(self) -> list[str]:
        return [str(tool["name"]) for tool in self.tools]

    def recorded(self) -> dict[str, Any]:
        return {"system": self.system, "tools": self.tools, "opening": self.opening}


def beginning(ledger: RunLedger, task: prompt.Task, root: str) -> Beginning:
    """The one in the ledger; without one, a new one for the tree at `root`. Raises UserError: no such playbook."""
    opened = next((event.data for event in ledger.events if event.kind == "conversation.opened"), None)
    if opened:
        return Beginning(**ledger.read(opened["begun"]))
    opening = prompt.opening(task, ledger.state.created.task.model_dump(), run_id=ledger.run_id, root=root)
    tools = offered(playbook(task.playbook).tools, plans=task.plan_first)
    # Through JSON, so that the first call sends what the ledger gives to every later one.
    made = json.loads(canonical({"system": prompt.system(task), "tools": tools, "opening": opening}))
    return Beginning(**made)


def last_root(ledger: RunLedger) -> str | None:
    """Where the model was last told that its tree stands; None before it was told anything."""
    told = (e for e in reversed(ledger.events) if e.kind == "conversation.opened" or e.data.get("root"))
    event = next(told, None)
    return str(event.data["root"]) if event else None
