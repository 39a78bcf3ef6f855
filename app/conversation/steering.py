"""What people say to runs that exist: stop, an answer, a word to steer by. Each is heard once."""

from __future__ import annotations

from typing import Any

from app import log
from app.checkpoints.endings import stopped
from app.events.deciding import (
    BaseFollowed,
    BudgetRaised,
    CancelRequested,
    ModelChanged,
    QuestionAnswered,
    RequestGathered,
    SteerReceived,
)
from app.events.working import RunEnded
from app.jobs.job import Command, Job
from app.routing.asked import is_withdrawal
from app.runs.parking import quiet_at
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.runs.task import answer_text, plan_answer
from app.settings.quiet import Quiet


def cancel(job: Job, reason: str, ledger: RunLedger, *, told: str = "", next_step: str = "") -> bool:
    """Ask a run to stop; one that no worker holds ends at once. `told` and `next_step`: see CancelRequested. True."""
    asked = CancelRequested(**_said(job, reason=reason, told=told, next_step=next_step, keeps=not is_withdrawal(job)))
    ledger.append_if(lambda state: state.is_active and state.cancel is None, asked)
    why, what_next = stopped(ledger.state.cancel or asked)
    ledger.append_if(
        lambda state: state.phase in {"created", "queued", "parked"},
        RunEnded(outcome="cancelled", reason=why, next_step=what_next),
    )
    log.event("conversation.cancelled", run=ledger.run_id, by=job.sender.login)
    return True


def answer(job: Job, command: Command, ledger: RunLedger, *, approves: str = "") -> bool:
    """Put the answer into the run that asked; with `approves` it approves the plan of that digest. False when its
    question, or that plan, is not open any more.
    """
    question, plan = ledger.state.open_question, ledger.state.open_plan
    if question is not None:
        text = plan_answer(command.text, approved=bool(approves)) if plan else answer_text(command.text, question.said)

        def is_open(state: RunState) -> bool:
            is_same = not approves or (state.open_plan is not None and state.open_plan.digest == approves)
            return state.is_active and state.open_question is not None and is_same

        ledger.append_if(is_open, QuestionAnswered(**_said(job, text=text, approves=approves)))
    return any(answer.said.delivery == job.id for answer in ledger.state.answers)


def follow(base_ref: str, ledger: RunLedger) -> bool:
    """The branch that the run's change is for is called `base_ref` now. True."""
    ledger.append_if(lambda state: state.is_active and state.base_name != base_ref, BaseFollowed(ref=base_ref))
    return True


def steer(job: Job, command: Command, ledger: RunLedger) -> bool:
    """Pass words on to a run at work, which reads them before its next step; False when it has ended meanwhile."""
    ledger.append_if(
        lambda state: state.is_active and not state.has_heard(job.id),
        SteerReceived(**_said(job, text=command.text)),
    )
    return ledger.state.has_heard(job.id)


def raise_budget(job: Job, run_usd: float, ledger: RunLedger) -> bool:
    """Let a run at work spend so much in all; False when it has ended meanwhile."""
    ledger.append_if(
        lambda state: state.is_active and not state.has_heard(job.id), BudgetRaised(**_said(job, run_usd=run_usd))
    )
    return ledger.state.has_heard(job.id)


def change_model(job: Job, alias: str, model: str, ledger: RunLedger) -> bool:
    """Let a run at work ask another model from its next call on; False when it has ended meanwhile."""
    said = ModelChanged(**_said(job, alias=alias, model=model))
    ledger.append_if(lambda state: state.is_active and not state.has_heard(job.id), said)
    return ledger.state.has_heard(job.id)


def gather(job: Job, command: Command, ledger: RunLedger, quiet: Quiet) -> bool:
    """Let a run that has not begun take this in too, and wait until it is quiet; False when it has begun meanwhile."""
    until = quiet_at(job.gathers, ledger, quiet)

    def is_gathered(state: RunState) -> bool:  # one delivery may hold several commands
        mine = (told.said for told in state.gathered if told.said.delivery == job.id)
        return any(said.text == command.text for said in mine)

    ledger.append_if(
        lambda state: state.gathers == job.gathers and not is_gathered(state),
        RequestGathered(**_said(job, text=command.text, until=until.isoformat())),
    )
    return is_gathered(ledger.state)


def _said(job: Job, **what: Any) -> dict[str, Any]:
    return {"by": job.sender.login, "delivery": job.id, "comment_id": job.source.comment_id, "via": job.trigger, **what}
