"""The plan of a run, as it waits for approval. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.checkpoints.addressed import to
from app.events.parts import Plan
from app.runs.state.run_state import RunState
from app.text.outgoing import code, line

_MOST = 12  # of anything in sight


def plan(state: RunState, proposed: Plan) -> list[str]:
    """What will be done, where, at what risk and cost; how to approve it."""
    created = state.created
    lines = [f"### 📋 {to(state)}my plan, before I change anything", ""]
    lines += [f"{number}. {line(step, 400)}" for number, step in enumerate(proposed.steps[:_MOST], start=1)]
    files = ", ".join(code(path, 100) for path in proposed.files[:_MOST]) or "none named"
    lines += [
        "",
        f"**Files**: {files}",
        *_listed("Risks", proposed.risks),
        *_listed("Other ways", proposed.alternatives),
    ]
    cap = state.run_usd or created.config.budget.run_usd
    lines += [f"**Effort**: {line(proposed.estimate, 300)} ${state.cost_usd:.2f} of ${cap:.2f} is spent.", ""]
    lines += [how_to_approve(state), ""]
    base = f"{code(created.base.ref, 80)} at `{created.base.sha[:7]}`"
    return [*lines, f"<sub>plan `{proposed.digest[:8]}` · stands on {base}</sub>"]


def how_to_approve(state: RunState) -> str:
    prefix = state.created.names.prefix
    button = ", and so does the button **Approve plan** of the check `lamplighter`" if state.created.target else ""
    another = f"`{prefix} revise` and what to change asks for another"
    return f"`{prefix} approve` carries it out{button}; {another}. Waiting costs nothing."


def _listed(name: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    return [f"**{name}**:", *(f"- {line(item, 300)}" for item in items[:_MOST])]
