"""Commits, and pushing them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.simulator import git_refs
from app.simulator.actions.refs import create_ref, move_ref
from app.simulator.git_store import Identity
from app.simulator.records import Account
from app.simulator.state import Repository
from app.simulator.world import World

WEB_FLOW = ("GitHub", "noreply@github.com")


def identity_of(account: Account, date: datetime) -> Identity:
    """An account as author of a commit."""
    return Identity(name=account.login, email=account.email, date=date)


def write_commit(
    world: World,
    actor: Account,
    repo: Repository,
    *,
    tree: str,
    parents: tuple[str, ...],
    message: str,
    author: Identity | None = None,
    committer: Identity | None = None,
) -> str:
    """Store a commit. An App that names nobody is the author and GitHub signs: only then it is verified."""
    now = world.now()
    signs = actor.type == "Bot" and author is None and committer is None
    sha = repo.git.write_commit(
        tree=tree,
        parents=parents,
        author=author or identity_of(actor, now),
        committer=Identity(name=WEB_FLOW[0], email=WEB_FLOW[1], date=now)
        if signs
        else committer or author or identity_of(actor, now),
        message=message,
    )
    if signs:
        repo.verified.add(sha)
    return sha


def push(
    world: World,
    actor: Account,
    repo: Repository,
    branch: str,
    files: Mapping[str, bytes | str | None],
    *,
    message: str,
    start: str | None = None,
    force: bool = False,
) -> str:
    """Push one commit with these files to a branch, made from `start` (default branch) when new; answers its SHA.

    With `force` an existing branch is thrown away too, and begins anew at `start`.
    """
    tip = repo.tip(branch)
    begin = git_refs.resolve(repo.git, start or repo.default_branch)
    parent = begin if force or tip is None else tip
    stored = repo.git.commit(parent) if parent else None
    tree = repo.git.write_files(stored.tree if stored else None, files)
    parents = (parent,) if parent else ()
    sha = write_commit(world, actor, repo, tree=tree, parents=parents, message=message)
    name = f"refs/heads/{branch}"
    if tip is None:
        create_ref(world, actor, repo, name, sha)
    else:
        move_ref(world, actor, repo, name, sha, force=force)
    return sha
