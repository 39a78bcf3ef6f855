"""GitHub Actions: runs, attempts, jobs, logs elsewhere, and running again."""

from __future__ import annotations

import io
import zipfile

from app.simulator import storage
from app.simulator.actions import workflows as actions
from app.simulator.ci_records import Job, WorkflowRun
from app.simulator.http import ApiError, Response, not_found
from app.simulator.routing import Call, Routes
from app.simulator.shapes import workflows as shapes

routes = Routes()
RUN = "/repos/{owner}/{repo}/actions/runs/{id}"
JOB = "/repos/{owner}/{repo}/actions/jobs/{id}"
FAILED = {"failure", "timed_out", "cancelled", "startup_failure"}


@routes.add("GET", "/repos/{owner}/{repo}/actions/runs", needs="actions:read")
def list_runs(call: Call) -> Response:
    """Runs, newest first, filtered by commit, branch, event and status or conclusion."""
    query, state = call.request.query, call.request.query.get("status")
    found = [
        run
        for run in reversed(call.repo.workflow_runs)
        if query.get("head_sha", run.head_sha) == run.head_sha
        and query.get("branch", run.head_branch) == run.head_branch
        and query.get("event", run.event) == run.event
        and query.get("check_suite_id", str(run.suite_id)) == str(run.suite_id)
        and state in (None, run.status, run.conclusion)
    ]
    shown = [shapes.workflow_run(call.world, call.repo, run) for run in call.world.listed(found)]
    return call.page(shown, wrap="workflow_runs")


def _run(call: Call) -> WorkflowRun:
    number = call.number("id")
    for run in call.repo.workflow_runs:
        if run.id == number:
            return run
    raise not_found()


def _attempt(call: Call) -> tuple[WorkflowRun, int]:
    run, attempt = _run(call), call.number("attempt")
    if not 1 <= attempt <= run.attempt:
        raise not_found()
    return run, attempt


def _job(call: Call) -> Job:
    number = call.number("id")
    for run in call.repo.workflow_runs:
        for job in run.jobs:
            if job.id == number:
                return job
    raise not_found()


@routes.add("GET", RUN, needs="actions:read")
def get_run(call: Call) -> Response:
    """One run, as its last attempt is."""
    return Response(200, shapes.workflow_run(call.world, call.repo, _run(call)))


@routes.add("GET", f"{RUN}/attempts/{{attempt}}", needs="actions:read")
def get_attempt(call: Call) -> Response:
    """One run, as an attempt was."""
    run, attempt = _attempt(call)
    return Response(200, shapes.workflow_run(call.world, call.repo, run, attempt))


def _jobs(call: Call, jobs: list[Job]) -> Response:
    shown = [shapes.job(call.world, call.repo, job) for job in call.world.listed(jobs)]
    return call.page(shown, wrap="jobs")


@routes.add("GET", f"{RUN}/jobs", needs="actions:read")
def list_jobs(call: Call) -> Response:
    """The jobs of the last attempt, or with filter=all of every one."""
    run = _run(call)
    return _jobs(call, run.jobs if call.request.query.get("filter") == "all" else run.latest)


@routes.add("GET", f"{RUN}/attempts/{{attempt}}/jobs", needs="actions:read")
def list_jobs_of_attempt(call: Call) -> Response:
    """The jobs of one attempt."""
    run, attempt = _attempt(call)
    return _jobs(call, run.of_attempt(attempt))


@routes.add("GET", JOB, needs="actions:read")
def get_job(call: Call) -> Response:
    """One job."""
    return Response(200, shapes.job(call.world, call.repo, _job(call)))


def _redirect(address: str) -> Response:
    return Response(302, b"", {"Location": address, "Content-Type": "text/html;charset=utf-8"})


@routes.add("GET", f"{JOB}/logs", needs="actions:read")
def get_job_log(call: Call) -> Response:
    """Where the log of a job lies: 404 while it runs, 410 when it is no longer kept."""
    job = _job(call)
    if job.is_log_gone:
        raise ApiError(410, "Gone")
    if job.log is None or job.status != "completed":
        raise not_found()
    return _redirect(storage.signed(call.world, f"job-{job.id}/job-logs.txt", job.log))


@routes.add("GET", f"{RUN}/logs", needs="actions:read")
def get_run_logs(call: Call) -> Response:
    """Where the logs of the last attempt lie, in one archive."""
    run = _run(call)
    return _archive(call, run, run.attempt)


@routes.add("GET", f"{RUN}/attempts/{{attempt}}/logs", needs="actions:read")
def get_attempt_logs(call: Call) -> Response:
    """Where the logs of one attempt lie, in one archive."""
    return _archive(call, *_attempt(call))


def _archive(call: Call, run: WorkflowRun, attempt: int) -> Response:
    jobs = run.of_attempt(attempt)
    if any(job.is_log_gone for job in jobs):
        raise ApiError(410, "Gone")
    if any(job.status != "completed" for job in jobs):
        raise not_found()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(jobs):
            name = job.name.replace("/", "_")
            archive.writestr(f"{number}_{name}.txt", job.log or b"")
            for step in job.steps:
                archive.writestr(f"{name}/{step.number}_{step.name.replace('/', '_')}.txt", step.log)
    return _redirect(storage.signed(call.world, f"run-{run.id}-attempt-{attempt}/logs.zip", packed.getvalue()))


@routes.add("POST", f"{RUN}/rerun", needs="actions:write")
def rerun(call: Call) -> Response:
    """Run everything again."""
    run = _run(call)
    actions.rerun(call.world, call.actor, call.repo, run, run.latest)
    return Response(201, {})


@routes.add("POST", f"{RUN}/rerun-failed-jobs", needs="actions:write")
def rerun_failed(call: Call) -> Response:
    """Run what failed again."""
    run = _run(call)
    failed = [job for job in run.latest if job.conclusion in FAILED]
    actions.rerun(call.world, call.actor, call.repo, run, failed)
    return Response(201, {})


@routes.add("POST", f"{RUN}/cancel", needs="actions:write")
def cancel(call: Call) -> Response:
    """End what has not ended."""
    actions.cancel(call.world, call.repo, _run(call))
    return Response(202, {})


@routes.add("POST", f"{RUN}/approve", needs="actions:write")
def approve(call: Call) -> Response:
    """Let a fork's run begin."""
    actions.approve(call.world, call.repo, _run(call))
    return Response(201, {})


@routes.add("POST", f"{JOB}/rerun", needs="actions:write")
def rerun_job(call: Call) -> Response:
    """Run one job of the last attempt again."""
    job = _job(call)
    if job not in job.run.latest:
        raise ApiError(403, "This job is not part of the latest attempt of the run")
    actions.rerun(call.world, call.actor, call.repo, job.run, [job])
    return Response(201, {})
