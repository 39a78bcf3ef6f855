"""Pull requests, their files and commits, who is asked for a review, and merging."""

from __future__ import annotations

from app.simulator import mergeability
from app.simulator.actions import issues as issue_actions
from app.simulator.actions import merging
from app.simulator.actions import pulls as actions
from app.simulator.actions.issues import BODY_LIMIT
from app.simulator.http import ApiError, Response, invalid, not_found, text_field
from app.simulator.rest.issues import TITLE_LIMIT, known_accounts, names
from app.simulator.routing import Call, Routes
from app.simulator.shapes import commits, pulls

routes = Routes()
PULL = "/repos/{owner}/{repo}/pulls/{number}"


@routes.add("POST", "/repos/{owner}/{repo}/pulls", needs="pull_requests:write")
def create_pull(call: Call) -> Response:
    """Open a pull request."""
    body = call.body
    for name in ("head", "base"):
        if not body.get(name):
            raise invalid("PullRequest", name, "missing_field")
    pull = actions.open_pull(
        call.world,
        call.actor,
        call.repo,
        title=text_field(body, "title", "PullRequest", limit=TITLE_LIMIT),
        body=text_field(body, "body", "PullRequest", limit=BODY_LIMIT, required=False) or None,
        head=body["head"],
        base=body["base"],
        draft=bool(body.get("draft")),
        maintainer_can_modify=bool(body.get("maintainer_can_modify")),
    )
    return Response(201, pulls.pull_request(call.world, pull))


@routes.add("GET", "/repos/{owner}/{repo}/pulls", needs="pull_requests:read")
def list_pulls(call: Call) -> Response:
    """Pull requests, newest first; `head` is owner:branch."""
    query = call.request.query
    state, head, base = query.get("state", "open"), query.get("head"), query.get("base")
    found = [
        pull
        for pull in reversed(call.repo.pulls)
        if state in ("all", pull.state)
        and (not head or ":" not in head or head.lower() == f"{pull.head_owner.login}:{pull.head}".lower())
        and (not base or base == pull.base)
    ]
    if query.get("sort") == "updated":
        found.sort(key=lambda pull: pull.updated_at, reverse=True)
    if query.get("direction") == "asc":
        found.reverse()
    return call.page([pulls.pull_simple(call.world, pull) for pull in call.world.listed(found)])


@routes.add("GET", PULL, needs="pull_requests:read")
def get_pull(call: Call) -> Response:
    """One pull request, or with `Accept: …diff` its diff."""
    pull = call.pull()
    if call.request.headers.get("accept", "").endswith("diff"):
        base, head = pull.base_sha, pull.head_sha
        text = pull.repository.git.run("diff", "--no-ext-diff", "--no-textconv", f"{base}...{head}")
        return Response(200, text, {"Content-Type": "application/vnd.github.diff; charset=utf-8"})
    shown = pulls.pull_request(call.world, pull)
    mergeability.look(call.world, pull)  # whoever looks first is told that GitHub does not know yet
    return Response(200, shown)


@routes.add("PATCH", PULL, needs="pull_requests:write")
def update_pull(call: Call) -> Response:
    """Change title, body, base or state."""
    pull, body = call.pull(), call.body
    title = text_field(body, "title", "PullRequest", limit=TITLE_LIMIT) if "title" in body else None
    text = text_field(body, "body", "PullRequest", limit=BODY_LIMIT, required=False) if "body" in body else None
    if "base" in body:
        actions.retarget(call.world, call.actor, pull, str(body["base"]))
    issue_actions.edit_thread(call.world, call.actor, pull, title=title, body=text)
    if body.get("state") in ("open", "closed"):
        change = actions.close_pull if body["state"] == "closed" else actions.reopen_pull
        change(call.world, call.actor, pull)
    return Response(200, pulls.pull_request(call.world, pull))


@routes.add("GET", f"{PULL}/files", needs="pull_requests:read")
def list_files(call: Call) -> Response:
    """What it changes."""
    pull = call.pull()
    sha = pull.head_sha
    return call.page([commits.changed_file(call.world, pull.repository, file, sha) for file in pull.files])


@routes.add("GET", f"{PULL}/commits", needs="pull_requests:read")
def list_commits(call: Call) -> Response:
    """The commits it adds."""
    pull = call.pull()
    return call.page([commits.commit(call.world, pull.repository, found.sha) for found in pull.commits])


@routes.add("GET", f"{PULL}/merge", needs="contents:read")
def is_merged(call: Call) -> Response:
    """204 when merged, 404 when not."""
    if not call.pull().merged:
        raise not_found()
    return Response(204)


@routes.add("PUT", f"{PULL}/merge", needs="contents:write")
def merge(call: Call) -> Response:
    """Merge."""
    pull = call.pull()
    expected = call.body.get("sha")
    if expected and expected != pull.head_sha:
        raise ApiError(409, "Head branch was modified. Review and try the merge again.")
    method = call.body.get("merge_method") or "merge"
    if method not in merging.METHODS:
        raise invalid("PullRequest", "merge_method")
    sha = merging.merge(call.world, call.actor, pull, call.body.get("commit_title"), method=method)
    return Response(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes.add("POST", f"{PULL}/requested_reviewers", needs="pull_requests:write")
def request_reviewers(call: Call) -> Response:
    """Ask for reviews."""
    pull = call.pull()
    logins = names(call.body, "reviewers")
    people = known_accounts(call, logins)
    if len(people) != len(logins):
        raise ApiError(422, "Reviews may only be requested from collaborators.")
    actions.request_reviewers(call.world, call.actor, pull, people, names(call.body, "team_reviewers"))
    return Response(201, pulls.pull_simple(call.world, pull))


@routes.add("DELETE", f"{PULL}/requested_reviewers", needs="pull_requests:write")
def remove_reviewers(call: Call) -> Response:
    """Take requests for reviews back."""
    pull = call.pull()
    actions.remove_reviewers(call.world, call.actor, pull, known_accounts(call, names(call.body, "reviewers")))
    return Response(200, pulls.pull_simple(call.world, pull))


@routes.add("GET", f"{PULL}/requested_reviewers", needs="pull_requests:read")
def list_requested_reviewers(call: Call) -> Response:
    """Who was asked."""
    shown = pulls.pull_simple(call.world, call.pull())
    return Response(200, {"users": shown["requested_reviewers"], "teams": []})


@routes.add("PUT", f"{PULL}/update-branch", needs="pull_requests:write")
def update_branch(call: Call) -> Response:
    """Merge the base into the branch; GitHub does it some time after it answered."""
    pull = call.pull()
    call.demand("contents", "write")
    expected = call.body.get("expected_head_sha")
    if expected and expected != pull.head_sha:
        raise ApiError(422, "expected head sha didn\u2019t match current head ref.")
    merging.update_branch(call.world, call.actor, pull)
    return Response(
        202, {"message": "Updating pull request branch.", "url": f"{call.world.api_url}{call.request.path}"}
    )
