"""The roll-up of a commit's checks and statuses, as the merge box shows it."""

from __future__ import annotations

from app.simulator.ci_records import WorkflowRun
from app.simulator.graphql.connections import connection
from app.simulator.graphql.values import Shaped, plain
from app.simulator.http import Json
from app.simulator.records import CheckRun, CommitStatus
from app.simulator.shapes import checks
from app.simulator.shapes.accounts import stamp
from app.simulator.shapes.repositories import html_url
from app.simulator.state import Repository
from app.simulator.world import World, node_id

_FAILED = frozenset({"failure", "timed_out", "startup_failure", "cancelled", "action_required"})
_UNDECIDED = frozenset({"pending", "expected"})


def rollup(world: World, repo: Repository, sha: str) -> Shaped | None:
    """What all of them come to; None where nothing checks the commit. The worst counts: an error before a failure,
    that before what still runs. Of a run's attempts and of a status's context only the last is there.
    """
    runs = [run for suite in repo.suites if suite.head_sha == sha for run in checks.latest_runs(repo, suite)]
    statuses = list({found.context: found for found in repo.statuses if found.sha == sha}.values())
    held = [run for run in repo.workflow_runs if run.head_sha == sha and run.held_jobs]
    if not runs and not statuses and not held:
        return None
    contexts: list[CheckRun | CommitStatus] = [*runs, *statuses]
    fields = {"id": plain(node_id("SCR", repo.id)), "state": plain(_state(runs, statuses, held))}
    listed = fields | {
        "contexts": lambda args: connection(
            "StatusCheckRollupContext", contexts, lambda found: _context(world, repo, found), args
        )
    }
    return Shaped(type="StatusCheckRollup", fields=listed)


def _state(runs: list[CheckRun], statuses: list[CommitStatus], held: list[WorkflowRun]) -> str:
    said = {run.conclusion or "pending" for run in runs} | {found.state for found in statuses}
    if "error" in said:
        return "ERROR"
    if said & _FAILED or held:
        return "FAILURE"
    return "PENDING" if said & _UNDECIDED else "SUCCESS"


def _context(world: World, repo: Repository, found: CheckRun | CommitStatus) -> Shaped:
    if isinstance(found, CommitStatus):
        told: Json = {
            "id": node_id("SC", found.id),
            "context": found.context,
            "state": found.state.upper(),
            "description": found.description,
            "targetUrl": found.target_url,
            "createdAt": stamp(found.created_at),
        }
        return Shaped(type="StatusContext", fields={name: plain(value) for name, value in told.items()})
    values: Json = {
        "id": node_id("CR", found.id),
        "databaseId": found.id,
        "name": found.name,
        "status": found.status.upper(),
        "conclusion": found.conclusion.upper() if found.conclusion else None,
        "startedAt": stamp(found.started_at),
        "completedAt": stamp(found.completed_at),
        "detailsUrl": found.details_url or f"{html_url(world, repo)}/runs/{found.id}",
        "title": found.output.get("title"),
        "summary": found.output.get("summary"),
        "text": found.output.get("text"),
    }
    return Shaped(type="CheckRun", fields={name: plain(value) for name, value in values.items()})
