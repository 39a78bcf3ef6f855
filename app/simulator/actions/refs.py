"""Refs, and what moving one means for the pull requests that stand on it."""

from __future__ import annotations

from app.simulator import git_history, git_refs
from app.simulator.actions.checks import request_suite
from app.simulator.actions.timeline import record, tell
from app.simulator.events import emit
from app.simulator.git_refs import ZERO
from app.simulator.git_store import GitError
from app.simulator.http import ApiError, Json
from app.simulator.records import Account
from app.simulator.shapes import commits as shapes
from app.simulator.shapes.repositories import html_url
from app.simulator.state import Pull, Repository
from app.simulator.world import World

PUSH_COMMITS_SHOWN = 2048  # GitHub's limit of commits in one push payload


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
    for pull in repo.pulls + pulls_from(repo):  # a pull request remembers its ends when a branch goes
        _ = pull.head_sha, pull.base_sha
    git_refs.delete_ref(repo.git, name)
    _after_ref(world, actor, repo, name, old, ZERO, forced=False)


def rename_branch(world: World, actor: Account, repo: Repository, old: str, new: str) -> None:
    """Give a branch another name. Pull requests to it follow; those from it are closed, as GitHub does.

    Raises the 422 for an unknown branch or a name that is taken.
    """
    tip = repo.tip(old)
    if tip is None or repo.tip(new) is not None:
        raise ApiError(422, "Branch not found" if tip is None else "A branch with this name already exists")
    _write(repo, f"refs/heads/{new}", tip)
    repo.renamed = {name: new if now == old else now for name, now in repo.renamed.items()} | {old: new}
    for table in (repo.protection, repo.rules):
        if old in table:
            table[new] = table.pop(old)  # type: ignore[assignment]
    was_default = repo.default_branch == old
    if was_default:
        repo.default_branch = new
        (repo.git.path / "HEAD").write_text(f"ref: refs/heads/{new}\n")
    for pull in repo.pulls:
        if pull.state == "open" and pull.base == old:
            set_base(world, actor, pull, new)
    _after_ref(world, actor, repo, f"refs/heads/{new}", ZERO, tip, forced=False)
    delete_ref(world, actor, repo, f"refs/heads/{old}")
    if was_default:
        emit(world, "repository", "edited", repo, actor, changes={"default_branch": {"from": old}})


def set_base(world: World, actor: Account, pull: Pull, base: str) -> None:
    """Let a pull request go to another branch."""
    if pull.base == base:
        return
    changes = {"base": {"ref": {"from": pull.base}, "sha": {"from": pull.base_sha}}}
    pull.base = base
    record(world, pull, "base_ref_changed", actor)
    tell(world, pull, "edited", actor, changes=changes)


def pulls_from(repo: Repository) -> list[Pull]:
    """The pull requests whose branch is in this repository, wherever they go."""
    targets = [repo] if repo.parent is None else [repo, repo.parent]
    return [pull for target in targets for pull in target.pulls if pull.head_repository is repo]


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
        if pull.state == "open" and pull.base == short and git_history.is_ancestor(repo.git, pull.head_sha, new):
            _merged_by_hand(world, actor, pull, new)
    for pull in pulls_from(repo):
        if pull.state == "open" and pull.head == short:
            note_head(pull)
            pull.updated_at = world.now()
            if forced:
                record(world, pull, "head_ref_force_pushed", actor)
            tell(world, pull, "synchronize", actor, before=old, after=new)


def _merged_by_hand(world: World, actor: Account, pull: Pull, sha: str) -> None:
    """Its commits were pushed to the base branch: GitHub takes it for merged."""
    pull.state, pull.merged_at, pull.merged_by, pull.merge_commit_sha = "closed", world.now(), actor, sha
    pull.closed_at, pull.closed_by = pull.merged_at, actor
    record(world, pull, "merged", actor)
    tell(world, pull, "closed", actor)


def note_head(pull: Pull) -> None:
    """Keep the head where the repository of the pull request has it too: `refs/pull/N/head`."""
    git_refs.note_ref(pull.repository.git, f"refs/pull/{pull.number}/head", pull.head_sha)


def _close_pulls_of(world: World, actor: Account, repo: Repository, branch: str) -> None:
    """What came from a deleted branch is closed; so is what goes to it, unless the branch was merged: then that goes
    where the branch went, as GitHub does for stacked pull requests.
    """
    ours = (pull for pull in reversed(repo.pulls) if pull.head_repository is repo and pull.head == branch)
    merged = next((pull for pull in ours if pull.merged), None)
    going = [pull for pull in pulls_from(repo) if pull.head == branch]
    for pull in going + [pull for pull in repo.pulls if pull.base == branch]:
        if pull.state != "open":
            continue
        if merged is not None and pull.base == branch and repo.tip(merged.base) is not None:
            set_base(world, actor, pull, merged.base)
            continue
        pull.state, pull.closed_at, pull.closed_by = "closed", world.now(), actor
        record(world, pull, "closed", actor)
        tell(world, pull, "closed", actor)


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
