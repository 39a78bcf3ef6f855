"""From a change to a webhook delivery: who is told, and what every payload carries."""

from __future__ import annotations

from typing import Any

from app.simulator.deliveries import Delivery
from app.simulator.records import Account, Installation
from app.simulator.shapes import accounts, repositories
from app.simulator.state import Repository
from app.simulator.world import World, node_id

# The permission (any one of them) without which GitHub does not tell an App about an event.
EVENT_PERMISSIONS = {
    "issues": ("issues",),
    "issue_comment": ("issues", "pull_requests"),
    "pull_request": ("pull_requests",),
    "pull_request_review": ("pull_requests",),
    "pull_request_review_comment": ("pull_requests",),
    "pull_request_review_thread": ("pull_requests",),
    "workflow_run": ("actions",),
    "workflow_job": ("actions",),
    "status": ("statuses",),
    "merge_group": ("merge_queues",),
    "push": ("contents",),
    "fork": ("contents",),
    "create": ("contents",),
    "delete": ("contents",),
    "check_run": ("checks",),
    "check_suite": ("checks",),
    "repository": ("metadata",),
    "label": ("metadata",),
}


def emit(
    world: World, event: str, action: str | None, repo: Repository, sender: Account, **parts: Any
) -> Delivery | None:
    """Tell the App about a change in a repository, if it is installed there, may know and asked to."""
    installation = world.installation_of(repo)
    if installation is None or installation.suspended_at is not None or event not in installation.events:
        return None
    needed = EVENT_PERMISSIONS.get(event, ())
    if needed and not any(installation.permissions.get(name) for name in needed):
        return None
    payload: dict[str, Any] = {**({"action": action} if action is not None else {}), **parts}
    shape = repositories.pushed_repository if event == "push" else repositories.repository
    payload["repository"] = shape(world, repo)
    if repo.owner.type == "Organization":
        payload["organization"] = accounts.organization(world, repo.owner)
    payload["sender"] = accounts.user(world, sender)
    payload["installation"] = {"id": installation.id, "node_id": node_id("MDIzOkluc3RhbGxhdGlvbg", installation.id)}
    return _enqueue(world, event, payload)


def emit_installation(
    world: World, event: str, action: str, installation: Installation, sender: Account, **parts: Any
) -> Delivery:
    """Tell the App about a change of its installation; it always hears of these."""
    payload = {
        "action": action,
        "installation": accounts.installation(world, installation),
        **parts,
        "sender": accounts.user(world, sender),
    }
    return _enqueue(world, event, payload)


def emit_ping(world: World) -> Delivery:
    """What GitHub sends when a webhook is configured."""
    hook = {"type": "App", "id": world.app.id, "name": "web", "active": True, "events": list(world.app.events)}
    return _enqueue(world, "ping", {"zen": "Keep it logically awesome.", "hook_id": world.app.id, "hook": hook})


def _enqueue(world: World, event: str, payload: dict[str, Any]) -> Delivery:
    return world.outbox.enqueue(event, payload, app_id=world.app.id, secret=world.app.webhook_secret)
