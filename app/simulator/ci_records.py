"""What GitHub Actions knows: workflow runs, their attempts, jobs and steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.simulator.records import Account, CheckRun


@dataclass(eq=False, kw_only=True)
class Step:
    """One step of a job, in the order it ran."""

    name: str
    number: int
    status: str = "completed"
    conclusion: str | None = "success"
    started_at: datetime | None = None
    completed_at: datetime | None = None
    log: bytes = b""  # its own part of the job's


@dataclass(eq=False, kw_only=True, repr=False)
class Job:
    """A job in one attempt of a run; its id is that of its check run. `log` is None until there is one."""

    run: WorkflowRun
    check: CheckRun
    attempt: int
    created_at: datetime
    steps: list[Step] = field(default_factory=list)
    labels: tuple[str, ...] = ("ubuntu-latest",)
    log: bytes | None = None
    is_log_gone: bool = False  # GitHub keeps logs for 90 days, or shorter

    def __repr__(self) -> str:
        return f"<Job {self.name} of {self.run.name}, attempt {self.attempt}: {self.conclusion or self.status}>"

    @property
    def id(self) -> int:
        """Its number, and that of its check run."""
        return self.check.id

    @property
    def name(self) -> str:
        """As the workflow names it, with the matrix values."""
        return self.check.name

    @property
    def status(self) -> str:
        """queued, in_progress, completed."""
        return self.check.status

    @property
    def conclusion(self) -> str | None:
        """How it ended."""
        return self.check.conclusion


@dataclass(eq=False, kw_only=True, repr=False)
class WorkflowRun:
    """A run of a workflow on a commit. `jobs` holds those of every attempt."""

    id: int
    number: int
    name: str
    path: str
    workflow_id: int
    suite_id: int
    head_sha: str
    head_branch: str | None
    event: str
    actor: Account
    triggered_by: Account  # of the attempt: whoever ran it again, an App too
    created_at: datetime
    started_at: datetime  # of the attempt
    updated_at: datetime
    attempt: int = 1
    jobs: list[Job] = field(default_factory=list)
    held_jobs: tuple[str, ...] = ()  # of a fork's run that nobody has approved yet

    def __repr__(self) -> str:
        return f"<WorkflowRun {self.name} #{self.number} on {self.head_sha[:7]}: {self.conclusion or self.status}>"

    def of_attempt(self, attempt: int) -> list[Job]:
        """The jobs of one attempt."""
        return [job for job in self.jobs if job.attempt == attempt]

    @property
    def latest(self) -> list[Job]:
        """The jobs of the attempt that is on, or was the last."""
        return self.of_attempt(self.attempt)

    @property
    def status(self) -> str:
        """queued, in_progress, completed: a run that waits for an approval has ended for GitHub."""
        return status_of(self.latest)

    @property
    def conclusion(self) -> str | None:
        """How the attempt ended."""
        return "action_required" if self.held_jobs else conclusion_of(self.latest)

    def job(self, name: str = "") -> Job:
        """The job with this name in the attempt that is on; without a name, the only one."""
        found = [job for job in self.latest if name in ("", job.name)]
        if len(found) != 1:
            raise LookupError(f"{self.name} has no one job {name!r}, only {[job.name for job in self.latest]}")
        return found[0]


def status_of(jobs: list[Job]) -> str:
    """The status of an attempt."""
    if all(job.status == "completed" for job in jobs):
        return "completed"
    return "in_progress" if any(job.status != "queued" for job in jobs) else "queued"


def conclusion_of(jobs: list[Job]) -> str | None:
    """The conclusion of an attempt: the worst of its jobs."""
    if status_of(jobs) != "completed":
        return None
    if not jobs:
        return "startup_failure"  # GitHub could not read the workflow
    found = {job.conclusion for job in jobs}
    worst = ("failure", "timed_out", "cancelled", "action_required", "startup_failure")
    return next((word for word in worst if word in found), "skipped" if found == {"skipped"} else "success")
