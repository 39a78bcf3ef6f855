"""Merging a pull request: with a merge commit, squashed or rebased."""

from __future__ import annotations

import re
from dataclasses import replace

from app.simulator import git_history, mergeability
from app.simulator.actions import git, refs
from app.simulator.actions.issues import close_issue
from app.simulator.actions.timeline import record, tell
from app.simulator.git_store import Identity
from app.simulator.http import ApiError
from app.simulator.records import Account
from app.simulator.state import Pull
from app.simulator.world import World

CLOSING = r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)"
METHODS = ("merge", "squash", "rebase")


def merge(world: World, actor: Account, pull: Pull, message: str | None = None, *, method: str = "merge") -> str:
    """Merge, and close the issues the body names; answers what the base branch points at then.

    Raises the 405 when it is a draft, closed or in conflict, or an App tries without what protection asks for.
    """
    repo = pull.repository
    tree = git_history.merged_tree(repo.git, pull.base_sha, pull.head_sha)
    if actor.type == "Bot" and (missing := mergeability.missing(world, pull)):
        raise ApiError(405, missing[0])
    if pull.state != "open" or pull.draft or tree is None:
        raise ApiError(405, "Pull Request is not mergeable")
    made = {"merge": _merged, "squash": _squashed, "rebase": _rebased}[method]
    sha = made(world, actor, pull, tree, message)
    pull.last_head_sha, pull.last_base_sha = pull.head_sha, pull.base_sha
    pull.state, pull.merged_at, pull.merged_by, pull.merge_commit_sha = "closed", world.now(), actor, sha
    pull.closed_at, pull.closed_by = pull.merged_at, actor
    refs.move_ref(world, actor, repo, f"refs/heads/{pull.base}", sha, force=False)
    record(world, pull, "merged", actor)
    tell(world, pull, "closed", actor)
    close_named_issues(world, actor, pull)
    return sha


def _commit(world: World, actor: Account, pull: Pull, tree: str, parents: tuple[str, ...], message: str) -> str:
    now = world.now()
    sha = git.write_commit(
        world,
        actor,
        pull.repository,
        tree=tree,
        parents=parents,
        message=message,
        committer=Identity(name=git.WEB_FLOW[0], email=git.WEB_FLOW[1], date=now),
        author=git.identity_of(actor, now),
    )
    pull.repository.verified.add(sha)
    return sha


def _merged(world: World, actor: Account, pull: Pull, tree: str, message: str | None) -> str:
    owner = (pull.head_repository or pull.repository).owner.login
    title = message or f"Merge pull request #{pull.number} from {owner}/{pull.head}\n\n{pull.title}"
    return _commit(world, actor, pull, tree, (pull.base_sha, pull.head_sha), title)


def _squashed(world: World, actor: Account, pull: Pull, tree: str, message: str | None) -> str:
    told = "\n\n".join(f"* {commit.message.strip()}" for commit in pull.commits)
    return _commit(world, actor, pull, tree, (pull.base_sha,), message or f"{pull.title} (#{pull.number})\n\n{told}")


def _rebased(world: World, _actor: Account, pull: Pull, _tree: str, _message: str | None) -> str:
    """Every commit again, on top of the base; merge commits are left out, as GitHub does."""
    git_store, tip = pull.repository.git, pull.base_sha
    for commit in pull.commits:
        stored = git_store.commit(commit.sha)
        if stored is None or len(stored.parents) != 1:
            continue
        tree = git_history.picked_tree(git_store, stored.parents[0], tip, commit.sha)
        if tree is None:
            raise ApiError(405, "This branch can't be rebased")
        committer = replace(stored.committer, date=world.now())
        tip = git_store.write_commit(
            tree=tree, parents=(tip,), author=stored.author, committer=committer, message=stored.message
        )
    return tip


def close_named_issues(world: World, actor: Account, pull: Pull) -> None:
    """Close what the body of a merged pull request says it closes."""
    if pull.base != pull.repository.default_branch:
        return
    for number in re.findall(CLOSING, pull.body or ""):
        issue = pull.repository.threads.get(int(number))
        if issue is not None and not isinstance(issue, Pull):
            close_issue(world, actor, issue)


def update_branch(world: World, actor: Account, pull: Pull) -> str:
    """The button "Update branch": the base is merged into the branch; answers the new head.

    Raises the 422 when they conflict.
    """
    origin = pull.head_repository
    tree = git_history.merged_tree(pull.repository.git, pull.head_sha, pull.base_sha)
    if tree is None or origin is None:
        raise ApiError(422, "merge conflict between base and head")
    message = f"Merge branch '{pull.base}' into {pull.head}"
    sha = _commit(world, actor, pull, tree, (pull.head_sha, pull.base_sha), message)
    refs.move_ref(world, actor, origin, f"refs/heads/{pull.head}", sha, force=False)
    return sha
