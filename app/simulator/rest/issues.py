"""Issues, their comments, reactions, assignees and events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.simulator.actions import issues as actions
from app.simulator.actions import pulls as pull_actions
from app.simulator.actions.issues import BODY_LIMIT
from app.simulator.actions.labels import set_labels
from app.simulator.http import ApiError, Response, not_found, text_field
from app.simulator.records import Account, Reaction
from app.simulator.routing import Call, Routes
from app.simulator.shapes import threads
from app.simulator.shapes.repositories import label_named
from app.simulator.state import Comment, Issue, Pull, ReviewComment

routes = Routes()
TITLE_LIMIT = 256  # characters


def names(body: dict[str, Any], field_name: str) -> list[str]:
    """A list of label or account names; GitHub takes labels as objects too."""
    given = body.get(field_name) or []
    listed = [given] if isinstance(given, str) else given
    return [item["name"] if isinstance(item, dict) else str(item) for item in listed]


def known_accounts(call: Call, logins: list[str]) -> list[Account]:
    """The accounts with these logins, unknown ones left out."""
    return [call.world.accounts[login.lower()] for login in logins if login.lower() in call.world.accounts]


def asked_since(call: Call) -> datetime | None:
    """The moment after which the caller wants things. Raises the 422 for what is no time."""
    text = call.request.query.get("since")
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ApiError(422, "The since parameter is no ISO 8601 time") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment is not None else None


@routes.add("GET", "/repos/{owner}/{repo}/issues", needs="issues:read")
def list_issues(call: Call) -> Response:
    """Issues and pull requests, newest first, filtered."""
    query, since = call.request.query, asked_since(call)
    wanted = {name.lower() for name in query.get("labels", "").split(",") if name}
    state = query.get("state", "open")
    found = [
        thread
        for thread in call.repo.threads.values()
        if state in ("all", thread.state)
        and wanted <= {name.lower() for name in thread.labels}
        and (since is None or thread.updated_at >= since)
        and query.get("creator", thread.author).lower() == thread.author.lower()
    ]
    key = "updated_at" if query.get("sort") == "updated" else "created_at"
    found.sort(key=lambda thread: (getattr(thread, key), thread.number), reverse=query.get("direction") != "asc")
    return call.page([threads.issue(call.world, thread) for thread in call.world.listed(found)])


@routes.add("POST", "/repos/{owner}/{repo}/issues", needs="issues:write")
def create_issue(call: Call) -> Response:
    """Open an issue."""
    if not call.repo.has_issues:
        raise ApiError(410, "Issues has been disabled in this repository.")
    body = text_field(call.body, "body", "Issue", limit=BODY_LIMIT, required=False)
    issue = actions.open_issue(
        call.world,
        call.actor,
        call.repo,
        title=text_field(call.body, "title", "Issue", limit=TITLE_LIMIT),
        body=body or None,
        labels=names(call.body, "labels"),
        assignees=known_accounts(call, names(call.body, "assignees")),
    )
    return Response(201, threads.issue(call.world, issue))


@routes.add("GET", "/repos/{owner}/{repo}/issues/{number}", needs="thread:read")
def get_issue(call: Call) -> Response:
    """One issue."""
    thread = call.thread()
    state, locked, labels = call.world.as_read(thread)
    shown = [label_named(call.world, call.repo, name) for name in labels]
    return Response(200, {**threads.issue(call.world, thread), "state": state, "locked": locked, "labels": shown})


@routes.add("PATCH", "/repos/{owner}/{repo}/issues/{number}", needs="thread:write")
def update_issue(call: Call) -> Response:
    """Change title, body, labels, assignees or state."""
    thread, body = call.thread(), call.body
    title = text_field(body, "title", "Issue", limit=TITLE_LIMIT) if "title" in body else None
    text = text_field(body, "body", "Issue", limit=BODY_LIMIT, required=False) if "body" in body else None
    actions.edit_thread(call.world, call.actor, thread, title=title, body=text)
    if "labels" in body:
        set_labels(call.world, call.actor, thread, names(body, "labels"))
    if "assignees" in body:
        people = known_accounts(call, names(body, "assignees"))
        gone = [person for person in thread.assigned if person not in people]
        actions.unassign(call.world, call.actor, thread, gone)
        actions.assign(call.world, call.actor, thread, people)
    _set_state(call, thread, body.get("state"), body.get("state_reason"))
    return Response(200, threads.issue(call.world, thread))


def _set_state(call: Call, thread: Issue, state: str | None, reason: str | None) -> None:
    if isinstance(thread, Pull) and state is not None:
        change = pull_actions.close_pull if state == "closed" else pull_actions.reopen_pull
        change(call.world, call.actor, thread)
    elif state == "closed":
        actions.close_issue(call.world, call.actor, thread, reason or "completed")
    elif state == "open":
        actions.reopen_issue(call.world, call.actor, thread)


@routes.add("POST", "/repos/{owner}/{repo}/issues/{number}/assignees", needs="thread:write")
def add_assignees(call: Call) -> Response:
    """Assign people."""
    thread = call.thread()
    actions.assign(call.world, call.actor, thread, known_accounts(call, names(call.body, "assignees")))
    return Response(201, threads.issue(call.world, thread))


@routes.add("DELETE", "/repos/{owner}/{repo}/issues/{number}/assignees", needs="thread:write")
def remove_assignees(call: Call) -> Response:
    """Take assignments back."""
    thread = call.thread()
    actions.unassign(call.world, call.actor, thread, known_accounts(call, names(call.body, "assignees")))
    return Response(200, threads.issue(call.world, thread))


@routes.add("GET", "/repos/{owner}/{repo}/issues/{number}/events", needs="thread:read")
@routes.add("GET", "/repos/{owner}/{repo}/issues/{number}/timeline", needs="thread:read")
def list_events(call: Call) -> Response:
    """What happened to an issue, oldest first; comments only in the timeline."""
    thread = call.thread()
    comments = {comment.id: threads.comment(call.world, comment) for comment in thread.comments}
    listed = []
    for event in thread.events:
        shown = threads.issue_event(call.world, thread, event)
        if event.event != "commented":
            listed.append(shown)
        elif call.request.path.endswith("/timeline") and (comment := comments.get(event.detail["comment_id"])):
            listed.append({**shown, **comment, "event": "commented", "actor": comment["user"]})
    return call.page(listed)


# --- comments


@routes.add("GET", "/repos/{owner}/{repo}/issues/{number}/comments", needs="thread:read")
def list_comments(call: Call) -> Response:
    """The comments of an issue, oldest first."""
    since = asked_since(call)
    found = [comment for comment in call.thread().comments if since is None or comment.updated_at >= since]
    return call.page([threads.comment(call.world, comment) for comment in call.world.listed(found)])


@routes.add("GET", "/repos/{owner}/{repo}/issues/comments", needs="issues:read")
def list_repository_comments(call: Call) -> Response:
    """The comments of all issues."""
    since = asked_since(call)
    found = [
        c for thread in call.repo.threads.values() for c in thread.comments if since is None or c.updated_at >= since
    ]
    found.sort(key=lambda comment: comment.id)
    return call.page([threads.comment(call.world, comment) for comment in call.world.listed(found)])


@routes.add("POST", "/repos/{owner}/{repo}/issues/{number}/comments", needs="thread:write")
def create_comment(call: Call) -> Response:
    """Comment."""
    thread = call.thread()
    body = text_field(call.body, "body", "IssueComment", limit=BODY_LIMIT)
    return Response(201, threads.comment(call.world, actions.add_comment(call.world, call.actor, thread, body)))


def _comment(call: Call) -> Comment:
    comment = call.world.comment(call.repo, call.number("id"))
    call.demand_for(comment.issue)
    return comment


@routes.add("GET", "/repos/{owner}/{repo}/issues/comments/{id}", needs="thread:read")
def get_comment(call: Call) -> Response:
    """One comment."""
    return Response(200, threads.comment(call.world, _comment(call)))


@routes.add("PATCH", "/repos/{owner}/{repo}/issues/comments/{id}", needs="thread:write")
def update_comment(call: Call) -> Response:
    """Replace the body."""
    comment = _comment(call)
    body = text_field(call.body, "body", "IssueComment", limit=BODY_LIMIT)
    actions.edit_comment(call.world, call.actor, comment, body)
    return Response(200, threads.comment(call.world, comment))


@routes.add("DELETE", "/repos/{owner}/{repo}/issues/comments/{id}", needs="thread:write")
def delete_comment(call: Call) -> Response:
    """Delete a comment."""
    actions.delete_comment(call.world, call.actor, _comment(call))
    return Response(204)


# --- reactions

ISSUE_REACTIONS = "/repos/{owner}/{repo}/issues/{number}/reactions"
COMMENT_REACTIONS = "/repos/{owner}/{repo}/issues/comments/{id}/reactions"
LINE_REACTIONS = "/repos/{owner}/{repo}/pulls/comments/{id}/reactions"


def _target(call: Call) -> Issue | Comment | ReviewComment:
    if "number" in call.params:
        return call.thread()
    if "/pulls/comments/" in call.request.path:
        call.demand("pull_requests", call.needs.partition(":")[2])
        return call.world.review_comment(call.repo, call.number("id"))
    return _comment(call)


@routes.add("GET", ISSUE_REACTIONS, needs="thread:read")
@routes.add("GET", COMMENT_REACTIONS, needs="thread:read")
@routes.add("GET", LINE_REACTIONS, needs="thread:read")
def list_reactions(call: Call) -> Response:
    """The reactions to an issue or comment."""
    content = call.request.query.get("content")
    found = [r for r in call.world.listed(_target(call).reactions) if content in (None, r.content)]
    return call.page([threads.reaction(call.world, reaction) for reaction in found])


@routes.add("POST", ISSUE_REACTIONS, needs="thread:write")
@routes.add("POST", COMMENT_REACTIONS, needs="thread:write")
@routes.add("POST", LINE_REACTIONS, needs="thread:write")
def create_reaction(call: Call) -> Response:
    """React: 201, or 200 when this reaction is there already."""
    content = str(call.body.get("content"))
    reaction, is_new = actions.react(call.world, call.actor, _target(call), content)
    return Response(201 if is_new else 200, threads.reaction(call.world, reaction))


@routes.add("DELETE", f"{ISSUE_REACTIONS}/{{reaction}}", needs="thread:write")
@routes.add("DELETE", f"{COMMENT_REACTIONS}/{{reaction}}", needs="thread:write")
@routes.add("DELETE", f"{LINE_REACTIONS}/{{reaction}}", needs="thread:write")
def delete_reaction(call: Call) -> Response:
    """Take a reaction of one's own back."""
    target, number = _target(call), call.number("reaction")
    found: Reaction | None = next((reaction for reaction in target.reactions if reaction.id == number), None)
    if found is None:
        raise not_found()
    if found.user is not call.actor:
        raise ApiError(403, "Resource not accessible by integration")
    target.reactions.remove(found)
    return Response(204)
