"""Commit statuses as JSON."""

from __future__ import annotations

from app.simulator.http import Json
from app.simulator.records import CommitStatus
from app.simulator.shapes.accounts import stamp, user
from app.simulator.shapes.commits import commit
from app.simulator.shapes.repositories import api_url
from app.simulator.state import Repository
from app.simulator.world import World, node_id


def status(world: World, repo: Repository, found: CommitStatus) -> Json:
    """A status."""
    creator = user(world, found.creator)
    return {
        "url": f"{api_url(world, repo)}/statuses/{found.sha}",
        "avatar_url": creator["avatar_url"],
        "id": found.id,
        "node_id": node_id("SC", found.id),
        "state": found.state,
        "description": found.description,
        "target_url": found.target_url,
        "context": found.context,
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.created_at),
        "creator": creator,
    }


def event(world: World, repo: Repository, found: CommitStatus) -> Json:
    """What `status` events carry beside the repository: the commit, and the branches that end in it."""
    url = api_url(world, repo)
    branches = [
        {"name": name, "commit": {"sha": sha, "url": f"{url}/commits/{sha}"}, "protected": name in repo.protection}
        for name, sha in repo.branches.items()
        if sha == found.sha
    ]
    shown = status(world, repo, found)
    names = ("id", "avatar_url", "state", "description", "target_url", "context", "created_at", "updated_at")
    return {
        **{name: shown[name] for name in names},
        "sha": found.sha,
        "name": repo.full_name,
        "commit": commit(world, repo, found.sha),
        "branches": branches,
    }
