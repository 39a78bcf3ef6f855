"""Searching issues, as far as the product asks: a label, a state, an account."""

from __future__ import annotations

import re

from app.simulator import auth
from app.simulator.http import ApiError, Response
from app.simulator.routing import Call, Routes
from app.simulator.shapes import threads
from app.simulator.state import Issue, Pull

routes = Routes()

_WORD = re.compile(r'(\w+):("[^"]*"|\S+)')
_KNOWN = {"label", "is", "archived", "user", "author"}


@routes.add("GET", "/search/issues", needs="issues:read")
def search_issues(call: Call) -> Response:
    """What the token reaches, newest first; more than a thousand are never shown."""
    asked = [(name, value.strip('"').lower()) for name, value in _WORD.findall(call.request.query.get("q", ""))]
    if not asked or {name for name, _ in asked} - _KNOWN:
        raise ApiError(422, "Validation Failed")
    reached = [
        thread
        for repo in call.world.repositories.values()
        if call.token is None or auth.covers(call.world, call.token, repo)
        for thread in repo.threads.values()
        if all(_fits(thread, name, value) for name, value in asked) and _may_see(call, thread)
    ]
    reached.sort(key=lambda thread: thread.updated_at, reverse=True)
    found = [{**threads.issue(call.world, thread), "score": 1.0} for thread in call.world.listed(reached)[:1000]]
    response = call.page(found, wrap="items")
    return Response(200, {**response.body, "incomplete_results": False, "search_type": "lexical"}, response.headers)


def _may_see(call: Call, thread: Issue) -> bool:
    """Pull requests are left out for a token that may read issues only."""
    return not isinstance(thread, Pull) or call.token is None or auth.grants(call.token, "pull_requests", "read")


def _fits(thread: Issue, name: str, value: str) -> bool:
    if name == "label":
        return value in {label.lower() for label in thread.labels}
    if name == "user":
        return thread.repository.owner.login.lower() == value
    if name == "author":
        return thread.user.login.lower() == (f"{value[4:]}[bot]" if value.startswith("app/") else value)
    if name == "archived":
        return thread.repository.archived == (value == "true")
    is_pull = isinstance(thread, Pull)
    return {"issue": not is_pull, "pr": is_pull}.get(value, thread.state == value)
