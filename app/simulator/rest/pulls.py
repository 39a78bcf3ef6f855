"""Pull requests, their files, commits and reviews; the two GraphQL mutations REST lacks."""

from __future__ import annotations

from typing import Any

from app.simulator.actions import issues as issue_actions
from app.simulator.actions import pulls as actions
from app.simulator.actions.issues import BODY_LIMIT
from app.simulator.actions.pulls import LineComment
from app.simulator.http import ApiError, Response, invalid, not_found, text_field
from app.simulator.rest.issues import TITLE_LIMIT, known_accounts, names
from app.simulator.routing import Call, Routes
from app.simulator.shapes import commits, threads
from app.simulator.state import Pull
from app.simulator.world import node_id

routes = Routes()
PULL = "/repos/{owner}/{repo}/pulls/{number}"
REVIEW_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


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
    )
    pull.maintainer_can_modify = bool(body.get("maintainer_can_modify"))
    return Response(201, threads.pull_request(call.world, pull))


@routes.add("GET", "/repos/{owner}/{repo}/pulls", needs="pull_requests:read")
def list_pulls(call: Call) -> Response:
    """Pull requests, newest first; `head` is owner:branch."""
    query, owner = call.request.query, call.repo.owner.login
    state, head, base = query.get("state", "open"), query.get("head"), query.get("base")
    found = [
        pull
        for pull in reversed(call.repo.pulls)
        if state in ("all", pull.state)
        and (not head or ":" not in head or head.lower() == f"{owner}:{pull.head}".lower())
        and (not base or base == pull.base)
    ]
    if query.get("direction") == "asc":
        found.reverse()
    return call.page([threads.pull_simple(call.world, pull) for pull in call.world.listed(found)])


@routes.add("GET", PULL, needs="pull_requests:read")
def get_pull(call: Call) -> Response:
    """One pull request, or with `Accept: …diff` its diff."""
    pull = call.pull()
    if call.request.headers.get("accept", "").endswith("diff"):
        base, head = pull.base_sha, pull.head_sha
        text = pull.repository.git.run("diff", "--no-ext-diff", "--no-textconv", f"{base}...{head}")
        return Response(200, text, {"Content-Type": "application/vnd.github.diff; charset=utf-8"})
    return Response(200, threads.pull_request(call.world, pull))


@routes.add("PATCH", PULL, needs="pull_requests:write")
def update_pull(call: Call) -> Response:
    """Change title, body, base or state."""
    pull, body = call.pull(), call.body
    title = text_field(body, "title", "PullRequest", limit=TITLE_LIMIT) if "title" in body else None
    text = text_field(body, "body", "PullRequest", limit=BODY_LIMIT, required=False) if "body" in body else None
    if "base" in body:
        if body["base"] not in pull.repository.branches:
            raise invalid("PullRequest", "base")
        pull.base = body["base"]
    issue_actions.edit_thread(call.world, call.actor, pull, title=title, body=text)
    if body.get("state") in ("open", "closed"):
        change = actions.close_pull if body["state"] == "closed" else actions.reopen_pull
        change(call.world, call.actor, pull)
    return Response(200, threads.pull_request(call.world, pull))


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
    sha = actions.merge(call.world, call.actor, pull, call.body.get("commit_title"))
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
    return Response(201, threads.pull_simple(call.world, pull))


@routes.add("DELETE", f"{PULL}/requested_reviewers", needs="pull_requests:write")
def remove_reviewers(call: Call) -> Response:
    """Take requests for reviews back."""
    pull = call.pull()
    actions.remove_reviewers(call.world, call.actor, pull, known_accounts(call, names(call.body, "reviewers")))
    return Response(200, threads.pull_simple(call.world, pull))


@routes.add("GET", f"{PULL}/requested_reviewers", needs="pull_requests:read")
def list_requested_reviewers(call: Call) -> Response:
    """Who was asked."""
    shown = threads.pull_simple(call.world, call.pull())
    return Response(200, {"users": shown["requested_reviewers"], "teams": []})


@routes.add("GET", f"{PULL}/reviews", needs="pull_requests:read")
def list_reviews(call: Call) -> Response:
    """The reviews, oldest first."""
    pull = call.pull()
    return call.page([threads.review(call.world, pull, found) for found in pull.reviews])


@routes.add("POST", f"{PULL}/reviews", needs="pull_requests:write")
def create_review(call: Call) -> Response:
    """Submit a review."""
    pull, body = call.pull(), call.body
    state = REVIEW_STATES.get(body.get("event") or "COMMENT")
    if state is None:
        raise invalid("PullRequestReview", "event")
    comments = [
        LineComment(path=c["path"], line=c.get("line") or 1, body=c["body"]) for c in body.get("comments") or []
    ]
    text = text_field(body, "body", "PullRequestReview", limit=BODY_LIMIT, required=False)
    review = actions.submit_review(call.world, call.actor, pull, state=state, body=text, comments=comments)
    return Response(200, threads.review(call.world, pull, review))


@routes.add("GET", f"{PULL}/reviews/{{id}}", needs="pull_requests:read")
def get_review(call: Call) -> Response:
    """One review."""
    pull, number = call.pull(), call.number("id")
    for found in pull.reviews:
        if found.id == number:
            return Response(200, threads.review(call.world, pull, found))
    raise not_found()


@routes.add("GET", f"{PULL}/reviews/{{id}}/comments", needs="pull_requests:read")
def list_review_comments(call: Call) -> Response:
    """The inline comments of one review."""
    pull, number = call.pull(), call.number("id")
    found = [comment for comment in pull.review_comments if comment.review_id == number]
    return call.page([threads.review_comment(call.world, comment) for comment in found])


@routes.add("GET", f"{PULL}/comments", needs="pull_requests:read")
def list_line_comments(call: Call) -> Response:
    """All inline comments."""
    found = call.world.listed(call.pull().review_comments)
    return call.page([threads.review_comment(call.world, comment) for comment in found])


@routes.add("GET", "/repos/{owner}/{repo}/pulls/comments/{id}", needs="pull_requests:read")
def get_line_comment(call: Call) -> Response:
    """One inline comment."""
    found = call.world.review_comment(call.repo, call.number("id"))
    return Response(200, threads.review_comment(call.world, found))


@routes.add("POST", f"{PULL}/comments/{{id}}/replies", needs="pull_requests:write")
def reply(call: Call) -> Response:
    """Answer an inline comment."""
    first = call.world.review_comment(call.repo, call.number("id"))
    body = text_field(call.body, "body", "PullRequestReviewComment", limit=BODY_LIMIT)
    given = LineComment(path=first.path, line=first.line or 1, body=body, side=first.side)
    made = actions.add_line_comment(call.world, call.actor, call.pull(), given, reply_to=first)
    return Response(201, threads.review_comment(call.world, made))


DRAFT_MUTATIONS = {"markPullRequestReadyForReview": False, "convertPullRequestToDraft": True}


@routes.add("POST", "/graphql")
def graphql(call: Call) -> Response:
    """Mark a pull request ready, or a draft again: nothing else of GraphQL exists here."""
    query, variables = str(call.body.get("query")), call.body.get("variables") or {}
    mutation = next((name for name in DRAFT_MUTATIONS if name in query), None)
    pull = _named_pull(call, query, variables)
    if mutation is None or pull is None:
        kind = "undefinedField" if mutation is None else "NOT_FOUND"
        message = "Could not resolve to a node with the global id" if mutation else "Unknown mutation"
        return Response(200, {"data": None, "errors": [{"type": kind, "message": message}]})
    if not call.token or "write" not in call.token.permissions.get("pull_requests", ""):
        error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
        return Response(200, {"data": {mutation: None}, "errors": [error]})
    actions.set_draft(call.world, call.actor, pull, DRAFT_MUTATIONS[mutation])
    shown = {"id": node_id("PR", pull.id), "number": pull.number, "isDraft": pull.draft}
    return Response(200, {"data": {mutation: {"pullRequest": shown}}})


def _named_pull(call: Call, query: str, variables: dict[str, Any]) -> Pull | None:
    values = [
        *variables.values(),
        *(v for inner in variables.values() if isinstance(inner, dict) for v in inner.values()),
    ]
    for repo in call.world.repositories.values():
        for pull in repo.pulls:
            name = node_id("PR", pull.id)
            if name in values or f'"{name}"' in query:
                return pull
    return None
