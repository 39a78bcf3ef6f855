"""One table: what each way a run can stand or end means on GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from app.checkpoints import rehearsal_text
from app.events.parts import Outcome
from app.events.waits import WaitForAnswer, WaitForQuiet
from app.runs.state.run_state import RunState

StateLabel = Literal["queued", "working", "needs-info", "needs-approval", "parked", "done", "failed"]
Conclusion = Literal["success", "neutral", "failure", "cancelled", "action_required"]


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """How an outcome looks: the state label, the check run's conclusion, the headline, and whether a person is told."""

    label: StateLabel | None
    conclusion: Conclusion
    icon: str
    headline: str
    comments: bool = True  # a new comment, because a person has something to read or to do


OUTCOMES: Mapping[Outcome, Appearance] = {
    "proposed": Appearance(label="done", conclusion="success", icon="✅", headline="Pull request opened"),
    "diagnosed": Appearance(label=None, conclusion="neutral", icon="🔎", headline="Diagnosed", comments=False),
    "explained": Appearance(label="done", conclusion="neutral", icon="🔎", headline="Diagnosis"),
    "nothing_to_do": Appearance(label="done", conclusion="neutral", icon="⚪", headline="Nothing to do"),
    "not_reproduced": Appearance(label="done", conclusion="neutral", icon="⚪", headline="Not reproduced"),
    "needs_decision": Appearance(label="done", conclusion="action_required", icon="🟡", headline="Needs a decision"),
    "out_of_budget": Appearance(label="failed", conclusion="failure", icon="🟠", headline="Out of budget"),
    "gave_up": Appearance(label="failed", conclusion="failure", icon="🟠", headline="Stopped without a result"),
    "failed": Appearance(label="failed", conclusion="failure", icon="🔴", headline="Failed"),
    "cancelled": Appearance(label=None, conclusion="cancelled", icon="⏹️", headline="Stopped", comments=False),
    "out_of_reach": Appearance(label="failed", conclusion="cancelled", icon="🔌", headline="The repository left me"),
    "refused": Appearance(label=None, conclusion="neutral", icon="🚫", headline="Not started"),
    "replied": Appearance(label=None, conclusion="neutral", icon="💬", headline="Answered"),
    "rehearsed": Appearance(label="done", conclusion="neutral", icon="🔎", headline="Rehearsed", comments=False),
    "onboarded": Appearance(label=None, conclusion="success", icon="🏮", headline="Set up", comments=False),
}


def appearance(state: RunState) -> Appearance:
    """How the end of this run looks. Only of a run that has ended.

    A model that calls its work done without a change has not found that there was nothing to do.
    """
    assert state.outcome is not None
    look = OUTCOMES[state.outcome]
    if state.outcome == "rehearsed":
        icon, words = rehearsal_text.headline(state)
        return replace(look, icon=icon, headline=words)
    if state.outcome == "proposed" and state.created.target:
        return replace(look, headline="Patch offered" if state.created.target.fork else "Commit added")
    claimed = state.outcome == "nothing_to_do" and state.finish is not None and state.finish.outcome == "done"
    return replace(look, headline="Nothing changed") if claimed else look


def state_label(state: RunState) -> StateLabel | None:
    """The one state label a thread should carry for this run, without the configured prefix; None for none."""
    if state.phase == "ended" and state.delayed.keys() & {"branch", "pull"}:
        return "working"
    if state.phase == "ended":
        return OUTCOMES[state.outcome].label if state.outcome else None
    if state.phase == "queued" or isinstance(state.wait, WaitForQuiet):
        return "queued"
    if state.phase == "parked":
        if not isinstance(state.wait, WaitForAnswer):
            return "parked"
        return "needs-approval" if state.open_plan else "needs-info"
    return "working"


def doubt(state: RunState) -> Literal["", "not proven", "tests changed"]:
    """Why the proposal cannot be called work well done: no executed test speaks for it, or tests were changed so that
    they say something else; "" when neither is so.
    """
    found = state.proposal.marks if state.proposal else ()
    if "uncertain" in found:
        return "not proven"
    return "tests changed" if "tests-changed" in found else ""


def is_unproven(state: RunState) -> bool:
    """Whether there is any such doubt."""
    return bool(doubt(state))


def marks(state: RunState) -> list[str]:
    """The marks a run has earned, without the configured prefix."""
    found: list[str] = []
    if state.finish and state.finish.confidence == "low":
        found.append("uncertain")
    if state.breaking:
        found.append("breaking-change")
    if state.proposal:
        found += [mark for mark in state.proposal.marks if mark not in found]
    if (
        state.checks
        and state.checks.failures
        and state.checks.rounds + state.checks.reruns
        and state.outcome == "diagnosed"
    ):
        found.append("needs-human")
    if state.outcome in {"needs_decision", "gave_up", "failed", "out_of_budget"}:
        found.append("needs-human")
    return found
