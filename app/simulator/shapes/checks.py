"""Check runs and suites as JSON."""

from __future__ import annotations

from app.simulator.http import Json
from app.simulator.records import CheckRun, CheckSuite
from app.simulator.shapes.accounts import app, stamp
from app.simulator.shapes.commits import simple_commit
from app.simulator.shapes.pulls import pull_minimal
from app.simulator.shapes.repositories import api_url, html_url, repository
from app.simulator.state import Repository
from app.simulator.world import World, node_id

OUTPUT_FIELDS = ("title", "summary", "text")


def pulls_of(world: World, repo: Repository, sha: str) -> list[Json]:
    """The open pull requests of a commit, as checks and workflow runs list them."""
    if not world.checks_know_pulls:
        return []
    found = [pull for pull in repo.pulls if pull.state == "open" and pull.head_sha == sha]
    return [pull_minimal(world, pull) for pull in found if not pull.is_from_fork]  # as GitHub leaves forks out


def check_run(world: World, repo: Repository, run: CheckRun) -> Json:
    """A check run."""
    url = f"{api_url(world, repo)}/check-runs/{run.id}"
    page = f"{html_url(world, repo)}/runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("CR", run.id),
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": page,
        "details_url": run.details_url or page,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": stamp(run.started_at),
        "completed_at": stamp(run.completed_at),
        "output": {
            **{name: run.output.get(name) for name in OUTPUT_FIELDS},
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite_id},
        "app": app(world, world.apps[run.app_slug]),
        "pull_requests": pulls_of(world, repo, run.head_sha),
    }


def latest_runs(repo: Repository, suite: CheckSuite) -> list[CheckRun]:
    """The check runs of a suite, of each name the last."""
    return list({run.name: run for run in repo.runs if run.suite_id == suite.id}.values())


def suite_outcome(repo: Repository, suite: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion of a suite, folded from its runs."""
    if suite.is_held:
        return "completed", "action_required"
    runs = latest_runs(repo, suite)
    if not runs or suite.is_asked_again:
        return "queued", None
    if any(run.status != "completed" for run in runs):
        return "in_progress", None
    for worst in ("startup_failure", "failure", "timed_out", "cancelled", "action_required", "neutral", "success"):
        if any(run.conclusion == worst for run in runs):
            return "completed", worst
    return "completed", "success"


def check_suite(world: World, repo: Repository, suite: CheckSuite) -> Json:
    """A check suite."""
    url = f"{api_url(world, repo)}/check-suites/{suite.id}"
    status, conclusion = suite_outcome(repo, suite)
    return {
        "id": suite.id,
        "node_id": node_id("CS", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": "0" * 40,
        "after": suite.head_sha,
        "pull_requests": pulls_of(world, repo, suite.head_sha),
        "app": app(world, world.apps[suite.app_slug]),
        "repository": repository(world, repo),
        "created_at": stamp(suite.created_at),
        "updated_at": stamp(suite.updated_at),
        "head_commit": simple_commit(repo, suite.head_sha),
        "latest_check_runs_count": len(latest_runs(repo, suite)),
        "check_runs_url": f"{url}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }
