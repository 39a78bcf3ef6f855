"""A worker's last word: the change as a validated manifest, with what the reviewers need to know.

Nothing here writes to GitHub; the publisher checks the proposal again before it mints a write token.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app import workspace
from app.checkpoints.endings import refused_by
from app.checks import Finding, blocked, marks, owners
from app.events import parts
from app.events.working import ProposalMade, ScanEnded
from app.playbooks import playbook
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.work.delivery import Delivery
from app.work.recording import stage
from app.work.session import WorkSession
from app.work.verdict import MirrorBase, judge_at_sight, judge_merge
from app.workspace import Change

_REVIEWERS = 3  # people asked for a review; more than that and nobody feels asked

_EVIDENCE = frozenset({"verify", "proof", "again", "reach"})  # what commands were run for


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a change is not proposed: `why` for people (one line), `feedback` for the model, which may fix it. `about` is
    what the notice to the model says it is about.
    """

    why: str
    feedback: str
    about: str = "verification"


def refuse_at_sight(ledger: RunLedger, room: WorkSession, found: Sequence[Change]) -> Refusal | None:
    """By counts and sizes alone: nothing is read, kept or run for what the limits forbid anyway."""
    findings = judge_at_sight(found, MirrorBase(room.mirror, room.stands_on), ledger.state.created.config)
    if not findings:
        return None
    with stage(ledger, "scan", "checking the change") as end:
        end.update(_scanned(ledger, findings))
    return _refusal(findings)


def propose(
    ledger: RunLedger,
    room: WorkSession,
    found: Sequence[Change],
    new: Mapping[str, bytes],
    old: Mapping[str, bytes],
    earned: Collection[str],
) -> Refusal | None:
    """Scan a change that verification accepts and that has `earned` these marks by it, and put the proposal into the
    ledger. None when it is there.
    """
    made = room.delivery(found, new, old)
    with stage(ledger, "scan", "checking the change") as end:
        findings = judge_merge(made.changes, made.new, room.sides(), ledger.state.created.config)
        end.update(_scanned(ledger, findings))
    if blocked(findings):
        return _refusal(findings)
    for change in made.changes:
        if change.kind != "delete":
            ledger.store.put_blob(made.new[change.path])
    kept = {path: ledger.store.put_blob(content) for path, content in made.old.items()}
    ledger.append(_proposal(ledger.state, room, made, findings, earned, kept))
    return None


def ahead_of_the_change(state: RunState) -> Refusal | None:
    """What is missing before the change itself is looked at: an approved plan, answers to a review."""
    created, is_done = state.created, state.finish is not None and state.finish.outcome == "done"
    if created.plan_first and is_done and not state.is_approved:
        why = "No plan was approved."
        return Refusal(why=why, feedback=f"{why} Call propose_plan and wait for the answer before you finish.")
    if is_done and not state.diagnosis and "explained" in playbook(created.playbook).outcomes:
        why = "No diagnosis was reported."
        return Refusal(why=why, feedback=f"{why} Call report_diagnosis, then call finish again.")
    return _unanswered(state.unanswered_threads) if state.unanswered_threads else None


def _unanswered(threads: Sequence[int]) -> Refusal:
    """Of these threads of a review nothing was said yet."""
    named = ", ".join(map(str, threads))
    why = f"Review thread{'' if len(threads) == 1 else 's'} {named} had no answer."
    return Refusal(why=why, feedback=f"{why} Call answer_thread for each, then call finish again.")


def _scanned(ledger: RunLedger, findings: Sequence[Finding]) -> dict[str, Any]:
    """Record the findings; how the stage ends."""
    ok = not blocked(findings)
    ledger.append(ScanEnded(ok=ok, findings=[parts.Finding(**asdict(finding)) for finding in findings]))
    return {"ok": ok, "note": f"{len(findings)} finding(s)" if findings else "nothing found"}


def _refusal(findings: Sequence[Finding]) -> Refusal:
    blocks = [finding for finding in findings if finding.level == "block"]
    lines = [f"- {_place(finding)}: {finding.message}" for finding in blocks]
    told = "The change cannot be proposed as it is. Mend this and call finish again:\n" + "\n".join(lines)
    return Refusal(why=refused_by([(_place(finding), finding.message) for finding in blocks]), feedback=told)


def _place(finding: Finding) -> str:
    return f"{finding.path or 'the change'}{f' line {finding.line}' if finding.line else ''}"


def _proposal(
    state: RunState,
    room: WorkSession,
    made: Delivery,
    findings: Sequence[Finding],
    verified: Collection[str],
    kept: Mapping[str, str],
) -> ProposalMade:
    finish = state.finish
    earned = sorted(marks(findings) | set(verified) | ({"breaking-change"} if state.breaking else set()))
    draft_reason = _draft_reason(state, earned)
    text = workspace.codeowners(room.mirror, room.guiding_sha)
    people = owners(text, [change.path for change in made.changes]) if text else []
    requester = state.created.requester.login
    told = ProposalMade(
        changes=[parts.Change(**asdict(change)) for change in made.changes],
        title=made.title or (finish.title if finish else ""),
        draft=bool(draft_reason),
        draft_reason=draft_reason,
        marks=earned,
        owners=people,
        reviewers=[name for name in [*state.created.config.reviewers, *people] if name != requester][:_REVIEWERS],
        template=workspace.pull_request_template(room.mirror, room.made.sha),
        evidence=[told.seq for told in state.commands_here if told.said.purpose in _EVIDENCE],
        verified=True,
        unseen=list(room.unseen),
        ledger_head=state.head,
        kept=dict(kept),
    )
    return told.model_copy(update={"merge": made.merge}) if made.merge else told


def _draft_reason(state: RunState, earned: Sequence[str]) -> str:
    if "breaking-change" in earned:
        return "it contains a breaking change, so a person decides when it is ready."
    if "needs-human" in earned:
        return "a person has to look at some of it first: *Risk and breaking changes* in it says at what."
    if "tests-changed" in earned:
        return "it changes what existing tests check, or which run, so a person should look at that first."
    if "uncertain" in earned:
        return "no test shows that it does what it should."
    if state.finish and state.finish.confidence == "low":
        return "I am not sure of it."
    if (autonomy := state.created.config.autonomy) != "ready":
        return f"that is how this repository wants my pull requests (`autonomy: {autonomy}`)."
    return ""
