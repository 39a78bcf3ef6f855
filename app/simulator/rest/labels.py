"""Labels of a repository and on issues."""

from __future__ import annotations

from app.simulator.actions import labels as actions
from app.simulator.http import ApiError, Json, Response, not_found, text_field
from app.simulator.records import Label
from app.simulator.rest.issues import names
from app.simulator.routing import Call, Routes
from app.simulator.shapes import repositories
from app.simulator.state import Issue

routes = Routes()


@routes.add("GET", "/repos/{owner}/{repo}/labels", needs="issues:read")
def list_labels(call: Call) -> Response:
    """The labels a repository has."""
    return call.page([repositories.label(call.world, call.repo, label) for label in call.repo.labels.values()])


@routes.add("POST", "/repos/{owner}/{repo}/labels", needs="issues:write")
def create_label(call: Call) -> Response:
    """Add a label."""
    name = text_field(call.body, "name", "Label", limit=actions.NAME_LIMIT)
    color = call.body.get("color") or "ededed"
    label = actions.create_label(call.world, call.actor, call.repo, name, color, call.body.get("description"))
    return Response(201, repositories.label(call.world, call.repo, label))


def _label(call: Call) -> Label:
    label = call.repo.labels.get(call.params["name"].lower())
    if label is None:
        raise not_found()
    return label


@routes.add("GET", "/repos/{owner}/{repo}/labels/{name+}", needs="issues:read")
def get_label(call: Call) -> Response:
    """One label."""
    return Response(200, repositories.label(call.world, call.repo, _label(call)))


@routes.add("PATCH", "/repos/{owner}/{repo}/labels/{name+}", needs="issues:write")
def update_label(call: Call) -> Response:
    """Rename or recolour a label."""
    label, body = _label(call), call.body
    actions.rename_label(
        call.repo, label, name=body.get("new_name"), color=body.get("color"), description=body.get("description")
    )
    return Response(200, repositories.label(call.world, call.repo, label))


@routes.add("DELETE", "/repos/{owner}/{repo}/labels/{name+}", needs="issues:write")
def delete_label(call: Call) -> Response:
    """Remove a label everywhere."""
    actions.delete_label(call.repo, _label(call))
    return Response(204)


def _shown(call: Call, thread: Issue) -> list[Json]:
    return [repositories.label_named(call.world, call.repo, name) for name in thread.labels]


@routes.add("GET", "/repos/{owner}/{repo}/issues/{number}/labels", needs="thread:read")
def list_issue_labels(call: Call) -> Response:
    """The labels on an issue."""
    return call.page(_shown(call, call.thread()))


@routes.add("POST", "/repos/{owner}/{repo}/issues/{number}/labels", needs="thread:write")
def add_issue_labels(call: Call) -> Response:
    """Put labels on an issue."""
    thread = call.thread()
    actions.add_labels(call.world, call.actor, thread, names(call.body, "labels"))
    return Response(200, _shown(call, thread))


@routes.add("PUT", "/repos/{owner}/{repo}/issues/{number}/labels", needs="thread:write")
def set_issue_labels(call: Call) -> Response:
    """Make the labels of an issue exactly these."""
    thread = call.thread()
    actions.set_labels(call.world, call.actor, thread, names(call.body, "labels"))
    return Response(200, _shown(call, thread))


@routes.add("DELETE", "/repos/{owner}/{repo}/issues/{number}/labels/{name+}", needs="thread:write")
def remove_issue_label(call: Call) -> Response:
    """Take a label off: 404 when it is not on the issue."""
    thread = call.thread()
    if not actions.remove_label(call.world, call.actor, thread, call.params["name"]):
        raise ApiError(404, "Label does not exist")
    return Response(200, _shown(call, thread))
