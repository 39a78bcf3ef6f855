"""Check runs and check suites, and looking up one commit (the last, since its path swallows refs)."""

from __future__ import annotations

from app.simulator import git_refs
from app.simulator.actions import checks as actions
from app.simulator.http import ApiError, Json, Response, not_found
from app.simulator.records import CheckRun
from app.simulator.routing import Call, Routes
from app.simulator.shapes import checks, commits, pulls, repositories

routes = Routes()


@routes.add("POST", "/repos/{owner}/{repo}/check-runs", needs="checks:write")
def create_check_run(call: Call) -> Response:
    """Create a check run."""
    run = actions.create_run(call.world, call.world.app, call.repo, call.body)
    return Response(201, checks.check_run(call.world, call.repo, run))


def _run(call: Call) -> CheckRun:
    number = call.number("id")
    for run in call.repo.runs:
        if run.id == number:
            return run
    raise not_found()


@routes.add("PATCH", "/repos/{owner}/{repo}/check-runs/{id}", needs="checks:write")
def update_check_run(call: Call) -> Response:
    """Change a check run of this App."""
    run = _run(call)
    if run.app_slug != call.world.app.slug:
        raise ApiError(403, f"Invalid app_id `{call.world.app.id}` - check run can only be modified by its creator.")
    actions.update_run(call.world, call.world.app, call.repo, run, call.body)
    return Response(200, checks.check_run(call.world, call.repo, run))


@routes.add("GET", "/repos/{owner}/{repo}/check-runs/{id}", needs="checks:read")
def get_check_run(call: Call) -> Response:
    """A check run."""
    return Response(200, checks.check_run(call.world, call.repo, _run(call)))


@routes.add("GET", "/repos/{owner}/{repo}/check-runs/{id}/annotations", needs="checks:read")
def list_annotations(call: Call) -> Response:
    """What a check run says about lines."""
    optional = ("start_column", "end_column", "title", "raw_details")
    page = repositories.html_url(call.world, call.repo)
    run = _run(call)
    shown: list[Json] = [
        {**dict.fromkeys(optional), **found, "blob_href": f"{page}/blob/{run.head_sha}/{found['path']}"}
        for found in run.annotations
    ]
    return call.page(shown)


def _listed(call: Call, runs: list[CheckRun]) -> Response:
    query = call.request.query
    if name := query.get("check_name"):
        runs = [run for run in runs if run.name == name]
    if status := query.get("status"):
        runs = [run for run in runs if run.status == status]
    if app_id := query.get("app_id"):
        runs = [run for run in runs if str(call.world.apps[run.app_slug].id) == app_id]
    if query.get("filter", "latest") == "latest":
        latest = {(run.name, run.suite_id): run for run in runs}
        runs = list(latest.values())
    shown = [checks.check_run(call.world, call.repo, run) for run in call.world.listed(runs)]
    return call.page(shown, wrap="check_runs")


def commit_of(call: Call) -> str:
    """The commit of the path. Raises the 422."""
    sha = git_refs.resolve(call.repo.git, call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    return sha


@routes.add("GET", "/repos/{owner}/{repo}/commits/{ref+}/check-runs", needs="checks:read")
def list_check_runs(call: Call) -> Response:
    """The check runs on a commit."""
    return _listed(call, call.repo.check_runs(commit_of(call)))


@routes.add("GET", "/repos/{owner}/{repo}/commits/{ref+}/check-suites", needs="checks:read")
def list_check_suites(call: Call) -> Response:
    """The check suites on a commit."""
    sha = commit_of(call)
    app_id = call.request.query.get("app_id")
    suites = [
        suite
        for suite in call.world.listed(call.repo.suites)
        if suite.head_sha == sha and app_id in (None, str(call.world.apps[suite.app_slug].id))
    ]
    return call.page([checks.check_suite(call.world, call.repo, suite) for suite in suites], wrap="check_suites")


@routes.add("GET", "/repos/{owner}/{repo}/check-suites/{id}/check-runs", needs="checks:read")
def list_suite_runs(call: Call) -> Response:
    """The check runs of a suite."""
    number = call.number("id")
    return _listed(call, [run for run in call.repo.runs if run.suite_id == number])


@routes.add("GET", "/repos/{owner}/{repo}/check-suites/{id}", needs="checks:read")
def get_check_suite(call: Call) -> Response:
    """A check suite."""
    number = call.number("id")
    for suite in call.repo.suites:
        if suite.id == number:
            return Response(200, checks.check_suite(call.world, call.repo, suite))
    raise not_found()


@routes.add("POST", "/repos/{owner}/{repo}/check-suites/{id}/rerequest", needs="checks:write")
def rerequest_check_suite(call: Call) -> Response:
    """Want a suite of this App again."""
    number = call.number("id")
    for suite in call.repo.suites:
        if suite.id == number:
            if suite.app_slug != call.world.app.slug:
                raise ApiError(403, "This check suite is not owned by the App")
            actions.rerequest_suite(call.world, call.actor, call.repo, suite)
            return Response(201, {})
    raise not_found()


@routes.add("GET", "/repos/{owner}/{repo}/commits/{ref+}/pulls", needs="pull_requests:read")
def list_pulls_of_commit(call: Call) -> Response:
    """The pull requests whose head is a commit; those from forks are left out, whose commits are not of this one."""
    sha = commit_of(call)
    found = [pull for pull in call.repo.pulls if pull.head_sha == sha and not pull.is_from_fork]
    return call.page([pulls.pull_simple(call.world, pull) for pull in found])


@routes.add("GET", "/repos/{owner}/{repo}/commits/{ref+}", needs="contents:read")
def get_commit(call: Call) -> Response:
    """One commit, by SHA, branch or tag; with `Accept: …sha` only its name."""
    sha = commit_of(call)
    if call.request.headers.get("accept", "").endswith(".sha"):
        return Response(200, sha.encode(), {"Content-Type": "application/vnd.github.sha; charset=utf-8"})
    return Response(200, commits.commit(call.world, call.repo, sha, with_files=True))
