"""What is said of a failed step that was run here: from recorded executions alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.events.working import CommandRan
from app.runs.state.run_state import RunState
from app.text.outgoing import code

_PURPOSE = "reproduce"
_NOT_STARTED = frozenset({126, 127})  # the shell's: it cannot be executed, it is not there


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """One command that failed in CI, as it ended here. `base` is None where it was not run on the base branch."""

    head: CommandRan
    base: CommandRan | None = None


def reproduced(state: RunState) -> list[Reproduced]:
    """In the order in which they were run."""
    ran = [told.said for told in state.commands if told.said.purpose == _PURPOSE]
    base = {said.command: said for said in ran if said.at == "base-branch"}
    return [Reproduced(head=said, base=base.get(said.command)) for said in ran if said.at == "head"]


def reproduction_lines(state: RunState) -> list[str]:
    """For a comment, one item each."""
    return [f"- {sentence(one, state)}" for one in reproduced(state)]


def sentence(one: Reproduced, state: RunState) -> str:
    """How it ended here, and what that says."""
    target = state.created.target
    base = code(target.base_ref, 80) if target else "the base branch"
    command = code(one.head.command.rpartition("; ")[2], 200)
    if _could_not(one.head):
        return f"{command}, which failed in CI, could not be run here ({_ended(one.head)})."
    if one.head.exit_code == 0:
        return f"{command}, which failed in CI, passes here: it takes something of CI's environment to fail."
    text = f"{command} fails here too ({_ended(one.head)})"
    if one.base is None or _could_not(one.base):
        return f"{text}."
    if one.base.exit_code == 0:
        return f"{text}; on {base} it passes."
    return f"{text}, and on {base} as well ({_ended(one.base)})."


def _could_not(said: CommandRan) -> bool:
    is_missing = "No module named" in said.tail and said.counts is None
    return said.exit_code is None or said.exit_code in _NOT_STARTED or is_missing


def _ended(said: CommandRan) -> str:
    return f"exit code {said.exit_code}" if said.exit_code is not None else f"stopped: {said.killed_by or 'killed'}"
