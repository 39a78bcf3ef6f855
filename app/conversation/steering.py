"""What people say to runs that exist: stop, an answer, a word to steer by. Each is heard once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app import log
from app.events.deciding import CancelRequested, QuestionAnswered, SteerReceived
from app.events.working import RunEnded
from app.jobs.job import Command, Job
from app.ports.platform import Queue, RunSummary, Store
from app.runs.each_run import each_run
from app.runs.run_ledger import RunLedger, announce
from app.runs.state.run_state import RunState
from app.runs.task import answer_text

_RECENT = 3  # ended runs of a thread that may have heard a job which comes again


class Conversation:
    """Puts what a job says into the ledgers of the thread's active runs."""

    def __init__(self, open_ledger: Callable[[str], RunLedger], store: Store, publishing: Queue) -> None:
        self._open = open_ledger
        self._store = store
        self._publishing = publishing

    def cancel(self, job: Job, reason: str, active: Sequence[RunSummary]) -> bool:
        """Ask the active runs to stop; one that no worker holds ends at once. Whether there was one."""
        return each_run(active, lambda run: self._cancel(job, reason, run)) > 0

    def _cancel(self, job: Job, reason: str, run: RunSummary) -> bool:
        ledger = self._open(run.run_id)
        if not _is_about(job, ledger.state):
            return False
        ledger.append_if(
            lambda state: state.is_active and state.cancel is None, CancelRequested(**_said(job, reason=reason))
        )
        ledger.append_if(
            lambda state: state.phase in {"created", "queued", "parked"},
            RunEnded(outcome="cancelled", reason=f"Stopped by {job.sender.login}: {reason}"),
        )
        log.event("conversation.cancelled", run=run.run_id, by=job.sender.login)
        announce(self._publishing, ledger)
        return True

    def answer(self, job: Job, command: Command, active: Sequence[RunSummary]) -> RunLedger | None:
        """Put the answer into the run that asked; its ledger, or None when no question is open."""
        for run in active:
            ledger = self._open(run.run_id)
            question = ledger.state.open_question
            if question is not None:
                text = answer_text(command.text, question.said)
                ledger.append_if(
                    lambda state: state.is_active and state.open_question is not None,
                    QuestionAnswered(**_said(job, text=text)),
                )
            if any(answer.said.delivery == job.id for answer in ledger.state.answers):
                return ledger
        return None

    def steer(self, job: Job, command: Command, run: RunSummary) -> bool:
        """Pass words on to a run at work, which reads them before its next step; False when it has ended meanwhile."""
        ledger = self._open(run.run_id)
        ledger.append_if(
            lambda state: state.is_active and not _has_heard(state, job), SteerReceived(**_said(job, text=command.text))
        )
        announce(self._publishing, ledger)
        return _has_heard(ledger.state, job)

    def was_heard(self, job: Job) -> bool:
        """Whether a run that has ended since took this job in: the job came again because its taker died."""
        recent = self._store.runs(active=False, thread_key=job.thread.key, limit=_RECENT)
        return any(_has_heard(self._open(run.run_id).state, job) for run in recent)


def _said(job: Job, **what: str) -> dict[str, Any]:
    return {"by": job.sender.login, "delivery": job.id, "comment_id": job.source.comment_id, **what}


def _has_heard(state: RunState, job: Job) -> bool:
    return any(heard.delivery == job.id for heard in state.heard)


def _is_about(job: Job, state: RunState) -> bool:
    """A label that came off cancels only the runs that this label had started."""
    if not job.trigger.startswith("issues.unlabeled:"):
        return True
    trigger = state.created.names.labels.get("trigger", "")
    return job.trigger.partition(":")[2].lower() == str(trigger).lower()
