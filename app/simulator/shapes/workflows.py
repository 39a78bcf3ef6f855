"""Workflow runs and jobs as JSON."""

from __future__ import annotations

from app.simulator.ci_records import Job, Step, WorkflowRun, conclusion_of, status_of
from app.simulator.http import Json
from app.simulator.shapes.accounts import stamp, user
from app.simulator.shapes.checks import pulls_of
from app.simulator.shapes.commits import simple_commit
from app.simulator.shapes.repositories import api_url, html_url, repository
from app.simulator.state import Repository
from app.simulator.world import World, node_id


def job_page(world: World, repo: Repository, run_id: int, job_id: int) -> str:
    """Where a person reads a job's log."""
    return f"{html_url(world, repo)}/actions/runs/{run_id}/job/{job_id}"


def workflow(world: World, repo: Repository, run: WorkflowRun) -> Json:
    """The workflow of a run."""
    page = html_url(world, repo)
    return {
        "id": run.workflow_id,
        "node_id": node_id("W", run.workflow_id),
        "name": run.name,
        "path": run.path,
        "state": "active",
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.created_at),
        "url": f"{api_url(world, repo)}/actions/workflows/{run.workflow_id}",
        "html_url": f"{page}/blob/{repo.default_branch}/{run.path}",
        "badge_url": f"{page}/workflows/{run.name}/badge.svg",
    }


def workflow_run(world: World, repo: Repository, run: WorkflowRun, attempt: int | None = None) -> Json:
    """A run, as it is or as one of its attempts was."""
    number = attempt or run.attempt
    base, jobs = f"{api_url(world, repo)}/actions/runs/{run.id}", run.of_attempt(number)
    url = base if attempt is None else f"{base}/attempts/{attempt}"
    forks = (pull.head_repository for pull in repo.pulls if pull.is_from_fork and pull.head_sha == run.head_sha)
    whole, origin = repository(world, repo), next(forks, None) or repo
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("WFR", run.id),
        "check_suite_id": run.suite_id,
        "check_suite_node_id": node_id("CS", run.suite_id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "run_number": run.number,
        "run_attempt": number,
        "referenced_workflows": [],
        "event": run.event,
        "status": status_of(jobs),
        "conclusion": "action_required" if run.held_jobs else conclusion_of(jobs),
        "workflow_id": run.workflow_id,
        "url": base,
        "html_url": f"{html_url(world, repo)}/actions/runs/{run.id}",
        "pull_requests": pulls_of(world, repo, run.head_sha),
        "created_at": stamp(run.created_at),
        "updated_at": stamp(run.updated_at),
        "actor": user(world, run.actor),
        "triggering_actor": user(world, run.triggered_by),
        "run_started_at": stamp(run.started_at),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api_url(world, repo)}/check-suites/{run.suite_id}",
        "artifacts_url": f"{base}/artifacts",
        "cancel_url": f"{base}/cancel",
        "rerun_url": f"{base}/rerun",
        "previous_attempt_url": f"{base}/attempts/{number - 1}" if number > 1 else None,
        "workflow_url": f"{api_url(world, repo)}/actions/workflows/{run.workflow_id}",
        "head_commit": simple_commit(repo, run.head_sha),
        "repository": whole,
        "head_repository": repository(world, origin),
        "display_title": simple_commit(repo, run.head_sha)["message"].split("\n")[0],
    }


def job(world: World, repo: Repository, found: Job) -> Json:
    """A job with its steps; a queued one has no runner."""
    url = api_url(world, repo)
    is_running = found.status != "queued"
    return {
        "id": found.id,
        "run_id": found.run.id,
        "workflow_name": found.run.name,
        "head_branch": found.run.head_branch,
        "run_url": f"{url}/actions/runs/{found.run.id}",
        "run_attempt": found.attempt,
        "node_id": node_id("CR", found.id),
        "head_sha": found.run.head_sha,
        "url": f"{url}/actions/jobs/{found.id}",
        "html_url": job_page(world, repo, found.run.id, found.id),
        "status": found.status,
        "conclusion": found.conclusion,
        "created_at": stamp(found.created_at),
        "started_at": stamp(found.check.started_at or found.created_at),
        "completed_at": stamp(found.check.completed_at),
        "name": found.name,
        "steps": [_step(step) for step in found.steps],
        "check_run_url": f"{url}/check-runs/{found.id}",
        "labels": list(found.labels),
        "runner_id": 7 if is_running else None,
        "runner_name": "GitHub Actions 7" if is_running else None,
        "runner_group_id": 0 if is_running else None,
        "runner_group_name": "GitHub Actions" if is_running else None,
    }


def _step(step: Step) -> Json:
    return {
        "name": step.name,
        "status": step.status,
        "conclusion": step.conclusion,
        "number": step.number,
        "started_at": stamp(step.started_at),
        "completed_at": stamp(step.completed_at),
    }
