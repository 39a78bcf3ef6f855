"""Commit statuses."""

from __future__ import annotations

from app.simulator.events import emit
from app.simulator.http import ApiError, invalid
from app.simulator.records import Account, CommitStatus
from app.simulator.shapes import statuses as shapes
from app.simulator.state import Repository
from app.simulator.world import World

STATES = ("error", "failure", "pending", "success")


def set_status(
    world: World,
    actor: Account,
    repo: Repository,
    sha: str,
    *,
    context: str,
    state: str,
    description: str | None,
    target_url: str | None,
) -> CommitStatus:
    """Say something of a commit under a name.

    Raises the 422 for an unknown commit or state.
    """
    if repo.git.commit(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    if state not in STATES:
        raise invalid("Status", "state")
    made = CommitStatus(
        id=world.next_id(),
        sha=sha,
        context=context,
        state=state,
        description=description,
        target_url=target_url,
        creator=actor,
        created_at=world.now(),
    )
    repo.statuses.append(made)
    emit(world, "status", None, repo, actor, **shapes.event(world, repo, made))
    return made
