"""GitHub Actions: runs started, jobs finished, and run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from app.simulator.actions import checks
from app.simulator.ci_records import Job, Step, WorkflowRun
from app.simulator.events import emit
from app.simulator.http import ApiError, Json
from app.simulator.records import Account, AppRegistration, CheckRun, CheckSuite
from app.simulator.shapes import workflows as shapes
from app.simulator.state import Repository
from app.simulator.world import World

RERUN_DAYS = 30
RERUNS = 50


def start(
    world: World,
    app: AppRegistration,
    actor: Account,
    repo: Repository,
    *,
    sha: str,
    branch: str | None,
    name: str,
    path: str,
    event: str,
    jobs: Sequence[str],
    has_runner: bool = True,
    is_held: bool = False,
) -> WorkflowRun:
    """A run begins: every job is queued, and picked up at once where there is a runner. Each run has a check suite of
    its own. Without jobs GitHub could not read the workflow. A run that is held has no job before it is approved.
    """
    now = world.now()
    suite = CheckSuite(
        id=world.next_id(), head_sha=sha, head_branch=branch, created_at=now, updated_at=now, app_slug=app.slug
    )
    repo.suites.append(suite)
    earlier = [run for run in repo.workflow_runs if run.path == path]
    run = WorkflowRun(
        id=world.next_id(),
        number=len(earlier) + 1,
        name=name,
        path=path,
        workflow_id=earlier[0].workflow_id if earlier else world.next_id(),
        suite_id=suite.id,
        head_sha=sha,
        head_branch=branch,
        event=event,
        actor=actor,
        triggered_by=actor,
        created_at=now,
        started_at=now,
        updated_at=now,
    )
    repo.workflow_runs.append(run)
    if is_held:
        return _hold(world, repo, run, suite, jobs)
    run.jobs = [_job(world, app, repo, run, job) for job in jobs]
    _tell_run(world, repo, run, "requested")
    if not jobs:
        _tell_run(world, repo, run, "completed")
        return run
    _begin(world, repo, run, run.jobs, has_runner=has_runner)
    return run


def _hold(world: World, repo: Repository, run: WorkflowRun, suite: CheckSuite, jobs: Sequence[str]) -> WorkflowRun:
    run.held_jobs, suite.is_held = tuple(jobs), True
    _tell_run(world, repo, run, "requested")
    checks.tell_suite(world, run.actor, repo, suite.id)
    _tell_run(world, repo, run, "completed")
    return run


def _job(world: World, app: AppRegistration, repo: Repository, run: WorkflowRun, name: str) -> Job:
    check = CheckRun(
        id=world.next_id(), name=name, head_sha=run.head_sha, suite_id=run.suite_id, app_slug=app.slug, status="queued"
    )
    check.details_url = shapes.job_page(world, repo, run.id, check.id)
    repo.runs.append(check)
    return Job(run=run, check=check, attempt=run.attempt, created_at=world.now())


def _begin(world: World, repo: Repository, run: WorkflowRun, jobs: Iterable[Job], *, has_runner: bool = True) -> None:
    for job in jobs:
        _tell_job(world, repo, job, "queued")
        checks.tell(world, run.triggered_by, repo, job.check, "created")
        if not has_runner:
            continue
        job.check.status, job.check.started_at = "in_progress", world.now()
        _tell_job(world, repo, job, "in_progress")
    if has_runner:
        _tell_run(world, repo, run, "in_progress")


def finish(
    world: World,
    repo: Repository,
    job: Job,
    *,
    conclusion: str,
    log: bytes,
    steps: list[Step],
    annotations: list[Json],
) -> None:
    """A job ends; with the last one, the run and its check suite do."""
    run, now = job.run, world.now()
    job.log, job.steps = log, steps
    job.check.annotations += annotations
    job.check.status, job.check.conclusion, job.check.completed_at = "completed", conclusion, now
    run.updated_at = now
    _tell_job(world, repo, job, "completed")
    checks.tell(world, run.triggered_by, repo, job.check, "completed")
    if run.status == "completed":
        checks.tell_suite(world, run.triggered_by, repo, run.suite_id)
        _tell_run(world, repo, run, "completed")


def approve(world: World, repo: Repository, run: WorkflowRun) -> None:
    """Somebody with write access lets a fork's run begin. Raises the 403 for one that waits for nobody."""
    if not run.held_jobs:
        raise ApiError(403, "This run is not from a fork pull request or queued for approval")
    names, run.held_jobs = run.held_jobs, ()
    next(suite for suite in repo.suites if suite.id == run.suite_id).is_held = False
    run.started_at = run.updated_at = world.now()
    run.jobs = [_job(world, world.apps["github-actions"], repo, run, name) for name in names]
    _tell_run(world, repo, run, "requested")
    _begin(world, repo, run, run.jobs)


def cancel(world: World, repo: Repository, run: WorkflowRun) -> None:
    """Every job that has not ended is cancelled. Raises the 409 when all have."""
    if run.status == "completed":
        raise ApiError(409, "Cannot cancel a workflow run that is completed.")
    for job in [job for job in run.latest if job.status != "completed"]:
        log = job.log if job.log is not None else b""
        finish(world, repo, job, conclusion="cancelled", log=log, steps=job.steps, annotations=[])


def rerun(world: World, actor: Account, repo: Repository, run: WorkflowRun, again: Sequence[Job]) -> None:
    """A new attempt, in which some jobs run again and the others stand as they ended, under new numbers.

    Raises the 403 while it runs, after a month, after fifty attempts, and when there is nothing to run again.
    """
    if run.status != "completed":
        raise ApiError(403, "This workflow is already running")
    if run.held_jobs:
        raise ApiError(403, "This workflow run cannot be retried")
    if world.now() - run.created_at > timedelta(days=RERUN_DAYS):
        raise ApiError(403, "Unable to retry this workflow run because it was created over a month ago")
    if not again or run.attempt > RERUNS:
        raise ApiError(403, "This workflow run cannot be retried")
    before = run.latest
    run.attempt, run.started_at, run.updated_at = run.attempt + 1, world.now(), world.now()
    run.triggered_by = actor
    app = world.apps[before[0].check.app_slug]
    made = [_job(world, app, repo, run, job.name) for job in before]
    run.jobs += made
    for old, new in zip(before, made, strict=True):
        if old not in again:
            new.log, new.steps = old.log, old.steps
            new.check.status, new.check.conclusion = old.check.status, old.check.conclusion
            new.check.started_at, new.check.completed_at = old.check.started_at, old.check.completed_at
    _begin(world, repo, run, [new for old, new in zip(before, made, strict=True) if old in again])


def _tell_run(world: World, repo: Repository, run: WorkflowRun, action: str) -> None:
    shown, workflow = shapes.workflow_run(world, repo, run), shapes.workflow(world, repo, run)
    emit(world, "workflow_run", action, repo, run.triggered_by, workflow_run=shown, workflow=workflow)


def _tell_job(world: World, repo: Repository, job: Job, action: str) -> None:
    emit(world, "workflow_job", action, repo, job.run.triggered_by, workflow_job=shapes.job(world, repo, job))
