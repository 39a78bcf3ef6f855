"""What was found on a job's thread before anything was decided. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.checkpoints.thread_changes import ThreadChange
from app.jobs.job import Job
from app.ports.platform import RunSummary
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One run, as far as a rule may ask about it."""

    row: RunSummary
    requester: str = ""
    is_cancelled: bool = False
    by_label: bool = False  # the trigger label asked for it
    is_asking: bool = False  # a question of it is open
    plan: str = ""  # the digest of its plan, where that is the question
    was_answered: bool = False  # by this very job
    has_heard: bool = False  # this very job
    gathers: str = ""  # what may still join it
    base_ref: str = ""  # the branch that its pull request goes to, as it knows it
    is_meant: bool = True  # by the job: a label that came off means the runs it had started

    @property
    def name(self) -> str:
        return f"run {self.row.run_id[:8]} ({self.row.phase})"


@dataclass(frozen=True, kw_only=True)
class Found:
    """The thread when the job came. `role` None: nobody asked us anything (the label is not ours, or off again)."""

    role: str | None = ""
    own: str = ""  # the phase of the run that this job made when it was here before
    holds: bool = True  # GitHub still shows what the event said
    change: ThreadChange | None = None  # of the thread as a whole, where that is what the job is about
    was_heard: bool = False  # by a run that has ended since
    active: tuple[Standing, ...] = ()  # newest first
    waiting: Standing | None = None  # a finished change that GitHub has not let become a pull request so far
    worked: tuple[RunSummary, ...] = ()  # runs that were more than an answer, newest first

    @property
    def at_work(self) -> Standing | None:
        """The run that words are for: one that only waits for its turn comes last."""
        return next((run for run in self.active if not run.gathers), next(iter(self.active), None))

    def sentences(self) -> tuple[str, ...]:
        """The same for people, one sentence each."""
        said = [f"the role here: {self.role or 'none'}"] if self.role is not None else ["nobody asked us"]
        said += [f"{run.name} is active" + (", and asks" if run.is_asking else "") for run in self.active]
        said += [f"{self.waiting.name} waits to become a pull request"] if self.waiting else []
        ended = len(self.worked) - len(self.active)
        return (*said, *([f"runs that ended here: {ended}"] if ended > 0 else []))


def standing(row: RunSummary, state: RunState, job: Job) -> Standing:
    """What there is to know of a run for a job that comes to its thread."""
    label = state.created.names.labels.get("trigger", "").lower()
    kind, _, changed = job.trigger.partition(":")
    base_ref = state.created.target.base_ref if state.created.target else ""
    return Standing(
        row=row,
        requester=state.created.requester.login,
        is_cancelled=state.cancel is not None,
        by_label=state.is_by_label,
        is_asking=state.open_question is not None,
        plan=state.open_plan.digest if state.open_plan else "",
        has_heard=state.has_heard(job.id, job.line_comment_id),
        gathers=state.gathers,
        base_ref=base_ref,
        was_answered=any(answer.said.delivery == job.id for answer in state.answers),
        is_meant={
            "issues.unlabeled": changed.lower() == label,
            "pull_request.edited": base_ref not in {"", changed},
        }.get(kind, True),
    )
