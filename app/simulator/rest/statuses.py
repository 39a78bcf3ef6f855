"""Commit statuses: read only, the App may not set any."""

from __future__ import annotations

from app.simulator.http import Response
from app.simulator.records import CommitStatus
from app.simulator.rest.checks import commit_of
from app.simulator.routing import Call, Routes
from app.simulator.shapes import repositories, statuses

routes = Routes()
COMMIT = "/repos/{owner}/{repo}/commits/{ref+}"


def _given(call: Call, sha: str) -> list[CommitStatus]:
    """The statuses of a commit, newest first."""
    return call.world.listed(status for status in reversed(call.repo.statuses) if status.sha == sha)


@routes.add("GET", f"{COMMIT}/status", needs="statuses:read")
def get_combined_status(call: Call) -> Response:
    """The last status of every context, and what they come to: pending also when there is none."""
    sha, url = commit_of(call), repositories.api_url(call.world, call.repo)
    latest: dict[str, CommitStatus] = {}
    for status in _given(call, sha):
        latest.setdefault(status.context, status)
    states = {status.state for status in latest.values()}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    page = call.page([statuses.status(call.world, call.repo, status) for status in latest.values()], wrap="statuses")
    shown = {
        **page.body,
        "state": state,
        "sha": sha,
        "repository": repositories.repository(call.world, call.repo),
        "commit_url": f"{url}/commits/{sha}",
        "url": f"{url}/commits/{sha}/status",
    }
    return Response(200, shown, page.headers)


@routes.add("GET", f"{COMMIT}/statuses", needs="statuses:read")
def list_statuses(call: Call) -> Response:
    """Every status that was ever set on a commit, newest first."""
    return call.page([statuses.status(call.world, call.repo, found) for found in _given(call, commit_of(call))])
