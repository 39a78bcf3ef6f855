"""Forks: repositories that share their objects with the one they come from, as GitHub's do."""

from __future__ import annotations

from app.simulator import git_refs
from app.simulator.events import emit
from app.simulator.git_store import GitStore
from app.simulator.records import Account
from app.simulator.shapes import repositories
from app.simulator.state import Repository
from app.simulator.world import World


def fork(world: World, owner: Account, repo: Repository) -> Repository:
    """A fork of a repository on an account, without the App; its branches are those of now."""
    path = world.directory / f"{owner.login}/{repo.name}.git"
    made = Repository(
        id=world.next_id(),
        owner=owner,
        name=repo.name,
        git=GitStore.create(path, repo.default_branch, objects_of=repo.git),
        default_branch=repo.default_branch,
        created_at=world.now(),
        private=repo.private,
        fork=True,
        parent=repo,
        verified=repo.verified,
    )
    for branch, sha in repo.branches.items():
        git_refs.note_ref(made.git, f"refs/heads/{branch}", sha)
    world.repositories[made.id] = made
    emit(world, "fork", None, repo, owner, forkee=repositories.repository(world, made))
    return made
