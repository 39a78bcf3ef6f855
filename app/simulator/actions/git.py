"""Refs and commits: what a push or a Git Data call changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.simulator import git_history, git_refs
from app.simulator.actions.checks import request_suite
from app.simulator.events import emit
from app.simulator.git_refs import ZERO
from app.simulator.git_store import GitError, Identity
from app.simulator.http import ApiError, Json
from app.simulator.records import Account
from app.simulator.shapes import commits as shapes
from app.simulator.shapes import threads
from app.simulator.shapes.repositories import html_url
from app.simulator.state import Repository
from app.simulator.world import World

PUSH_COMMITS_SHOWN = 2048  # GitHub's limit of commits in one push payload
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


def create_ref(world: World, actor: Account, repo: Repository, name: str, sha: str) -> None:
    """Create a branch or tag (full name).

    Raises the 422 GitHub gives for an existing ref, a bad name or an unknown object.
    """
    if not name.startswith("refs/") or name.count("/") < 2:
        raise ApiError(422, "Reference name must start with 'refs' and have at least two slashes.")
    if git_refs.read_ref(repo.git, name) is not None:
        raise ApiError(422, "Reference already exists")
    if repo.git.commit(sha) is None:
        raise ApiError(422, "Object does not exist")
    _write(repo, name, sha)
    _after_ref(world, actor, repo, name, ZERO, sha, forced=False)


def move_ref(world: World, actor: Account, repo: Repository, name: str, sha: str, *, force: bool) -> None:
    """Move an existing ref.

    Raises the 422 for a move that is no fast-forward and not forced, or an unknown ref or object.
    """
    old = git_refs.read_ref(repo.git, name)
    if old is None:
        raise ApiError(422, "Reference does not exist")
    if repo.git.commit(sha) is None:
        raise ApiError(422, "Object does not exist")
    is_forward = git_history.is_ancestor(repo.git, old, sha)
    if not is_forward and not force:
        raise ApiError(422, "Update is not a fast forward")
    if old == sha:
        return
    _write(repo, name, sha)
    _after_ref(world, actor, repo, name, old, sha, forced=not is_forward)


def delete_ref(world: World, actor: Account, repo: Repository, name: str) -> None:
    """Delete a branch or tag.

    Raises the 422 for an unknown ref.
    """
    old = git_refs.read_ref(repo.git, name)
    if old is None:
        raise ApiError(422, "Reference does not exist")
    for pull in repo.pulls:  # a pull request remembers its head when the branch goes
        _ = pull.head_sha
    git_refs.delete_ref(repo.git, name)
    _after_ref(world, actor, repo, name, old, ZERO, forced=False)


def _write(repo: Repository, name: str, sha: str) -> None:
    try:
        git_refs.write_ref(repo.git, name, sha)
    except GitError as error:
        raise ApiError(422, f"{name} is not a valid ref name. {error}".strip()) from None


def _after_ref(world: World, actor: Account, repo: Repository, name: str, old: str, new: str, *, forced: bool) -> None:
    """Touch the repository and tell: create or delete, push, and synchronize for every pull request of the branch."""
    repo.pushed_at = world.now()
    kind = "tag" if name.startswith("refs/tags/") else "branch"
    short = name.split("/", 2)[2]
    common: Json = {"ref": short, "ref_type": kind, "pusher_type": "user"}
    if old == ZERO:
        master = {"master_branch": repo.default_branch, "description": repo.description}
        emit(world, "create", None, repo, actor, **common, **master)
    _tell_push(world, actor, repo, name, old, new, forced=forced)
    if new != ZERO and kind == "branch":
        request_suite(world, actor, repo, new)
    if new == ZERO:
        emit(world, "delete", None, repo, actor, **common)
        _close_pulls_of(world, actor, repo, short)
    if ZERO in (old, new) or kind == "tag":
        return
    for pull in repo.pulls:
        if pull.state == "open" and pull.head == short:
            pull.updated_at = world.now()
            parts = {"number": pull.number, "before": old, "after": new}
            shown = threads.pull_request(world, pull)
            emit(world, "pull_request", "synchronize", repo, actor, pull_request=shown, **parts)


def _close_pulls_of(world: World, actor: Account, repo: Repository, branch: str) -> None:
    for pull in repo.pulls:
        if pull.state == "open" and branch in (pull.head, pull.base):
            pull.state, pull.closed_at, pull.closed_by = "closed", world.now(), actor
            shown = threads.pull_request(world, pull)
            emit(world, "pull_request", "closed", repo, actor, number=pull.number, pull_request=shown)


def _tell_push(world: World, actor: Account, repo: Repository, name: str, old: str, new: str, *, forced: bool) -> None:
    added: list[Json] = []
    if new != ZERO:
        start = old if old != ZERO else repo.tip(repo.default_branch) or ZERO
        shas = git_history.commits_between(repo.git, start, new) if start not in (ZERO, new) else []
        added = [_pushed_commit(world, repo, sha) for sha in shas[:PUSH_COMMITS_SHOWN]]
    before, after = old[:12], new[:12]
    emit(
        world,
        "push",
        None,
        repo,
        actor,
        ref=name,
        before=old,
        after=new,
        base_ref=None,
        created=old == ZERO,
        deleted=new == ZERO,
        forced=forced,
        compare=f"{html_url(world, repo)}/compare/{before}...{after}",
        commits=added,
        head_commit=_pushed_commit(world, repo, new) if new != ZERO else None,
        pusher={"name": actor.login, "email": actor.email},
    )


def _pushed_commit(world: World, repo: Repository, sha: str) -> Json:
    stored = shapes.stored(repo, sha)
    files = git_history.diff(repo.git, stored.parents[0], sha) if stored.parents else []
    return {
        **shapes.simple_commit(repo, sha),
        "distinct": True,
        "url": f"{html_url(world, repo)}/commit/{sha}",
        "added": [file.filename for file in files if file.status in ("added", "renamed", "copied")],
        "removed": [file.previous_filename or file.filename for file in files if file.status in ("removed", "renamed")],
        "modified": [file.filename for file in files if file.status in ("modified", "changed")],
    }


def push(
    world: World,
    actor: Account,
    repo: Repository,
    branch: str,
    files: Mapping[str, bytes | str | None],
    *,
    message: str,
    start: str | None = None,
) -> str:
    """Push one commit with these files to a branch, made from `start` (default branch) when new; answers its SHA."""
    tip = repo.tip(branch)
    parent = tip or git_refs.resolve(repo.git, start or repo.default_branch)
    stored = repo.git.commit(parent) if parent else None
    tree = repo.git.write_files(stored.tree if stored else None, files)
    parents = (parent,) if parent else ()
    sha = write_commit(world, actor, repo, tree=tree, parents=parents, message=message)
    name = f"refs/heads/{branch}"
    if tip is None:
        create_ref(world, actor, repo, name, sha)
    else:
        move_ref(world, actor, repo, name, sha, force=False)
    return sha
