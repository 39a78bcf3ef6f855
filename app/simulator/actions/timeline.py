"""What every change of an issue or pull request leaves behind: a line in its timeline and a webhook."""

from __future__ import annotations

from typing import Any

from app.simulator.events import emit
from app.simulator.http import ApiError
from app.simulator.records import Account, IssueEvent
from app.simulator.shapes import pulls, threads
from app.simulator.state import Issue, Pull
from app.simulator.world import World


def record(world: World, thread: Issue, event: str, actor: Account, **detail: Any) -> None:
    """Write one line of the timeline and touch the thread."""
    now = world.now()
    thread.updated_at = now
    thread.events.append(IssueEvent(id=world.next_id(), event=event, actor=actor, created_at=now, detail=detail))


def demand_unlocked(world: World, thread: Issue, actor: Account) -> None:
    """Raise the 403 of a locked conversation for anybody without write access; an App has no role, whatever it may."""
    if thread.locked and (actor.type == "Bot" or world.role(thread.repository, actor) in ("none", "read", "triage")):
        raise ApiError(403, "Unable to create comment because issue is locked.")


def tell(world: World, thread: Issue, action: str, actor: Account, **parts: Any) -> None:
    """Send `issues` or `pull_request`, whichever the thread is."""
    if isinstance(thread, Pull):
        parts = {"number": thread.number, "pull_request": pulls.pull_request(world, thread), **parts}
        emit(world, "pull_request", action, thread.repository, actor, **parts)
    else:
        emit(world, "issues", action, thread.repository, actor, issue=threads.issue(world, thread), **parts)
