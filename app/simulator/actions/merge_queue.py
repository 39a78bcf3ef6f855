"""The merge queue: a group's commit is made, checked like any other, and becomes the base branch or goes away."""

from __future__ import annotations

from datetime import timedelta

from app.simulator import git_history, mergeability
from app.simulator.actions import git, refs
from app.simulator.actions.merging import close_named_issues
from app.simulator.actions.timeline import record, tell
from app.simulator.events import emit
from app.simulator.git_store import Identity
from app.simulator.http import ApiError
from app.simulator.records import Account, MergeGroup
from app.simulator.shapes.commits import simple_commit
from app.simulator.state import Pull, Repository
from app.simulator.world import World

CHECK_MINUTES = 60  # GitHub's default: how long a group waits for its required checks


def enqueue(world: World, actor: Account, pull: Pull) -> MergeGroup:
    """Put a pull request into the queue of its base branch, in a group of its own.

    Raises the 422 when it does not merge or lacks an approval.
    """
    repo, base = pull.repository, _base_of_queue(pull)
    tree = git_history.merged_tree(repo.git, base, pull.head_sha)
    if pull.state != "open" or pull.draft or tree is None:
        raise ApiError(422, "Pull request is not mergeable")
    now = world.now()
    sha = git.write_commit(
        world,
        actor,
        repo,
        tree=tree,
        parents=(base, pull.head_sha),
        message=f"Merge pull request #{pull.number} from {pull.head_owner.login}/{pull.head}\n\n{pull.title}",
        committer=Identity(name=git.WEB_FLOW[0], email=git.WEB_FLOW[1], date=now),
        author=git.identity_of(actor, now),
    )
    repo.verified.add(sha)
    branch = f"gh-readonly-queue/{pull.base}/pr-{pull.number}-{base}"
    group = MergeGroup(
        number=pull.number, head_sha=sha, branch=branch, base_sha=base, base=pull.base, created_at=now, actor=actor
    )
    repo.merge_groups.append(group)
    record(world, pull, "added_to_merge_queue", actor)
    tell(world, pull, "enqueued", actor)
    refs.create_ref(world, actor, repo, f"refs/heads/{branch}", sha)
    _tell(world, repo, group, "checks_requested")
    return group


def _base_of_queue(pull: Pull) -> str:
    """What the next group is made from: the last one that waits, or the branch."""
    waiting = [group for group in pull.repository.merge_groups if group.is_waiting and group.base == pull.base]
    return waiting[-1].head_sha if waiting else pull.base_sha


def move(world: World, repo: Repository) -> None:
    """GitHub looks at its queues: what is checked is merged; what failed or waited too long goes, and all behind it."""
    for group in [group for group in repo.merge_groups if group.is_waiting]:
        found = mergeability.outcomes(repo, group.head_sha)
        needed = {found.get(name, "pending") for name, _ in mergeability.required_checks(repo, group.base)}
        is_late = world.now() - group.created_at >= timedelta(minutes=CHECK_MINUTES)
        if repo.tip(group.base) != group.base_sha and not _stands_on_one_that_waits(repo, group):
            _leave(world, repo, group, "invalidated")
        elif needed <= mergeability.PASSING and repo.tip(group.base) == group.base_sha:
            _merge(world, repo, group)
        elif is_late or needed - mergeability.PASSING - {"pending"}:
            _leave(world, repo, group, "dequeued")


def _stands_on_one_that_waits(repo: Repository, group: MergeGroup) -> bool:
    return any(other.is_waiting and other.head_sha == group.base_sha for other in repo.merge_groups)


def dequeue(world: World, repo: Repository, group: MergeGroup) -> None:
    """A person takes a pull request out of the queue."""
    _leave(world, repo, group, "dequeued")


def _merge(world: World, repo: Repository, group: MergeGroup) -> None:
    pull = world.pull(repo, group.number)
    group.ended = "merged"
    _ = pull.head_sha, pull.base_sha  # remembered as they are now
    pull.state, pull.merged_at, pull.merged_by = "closed", world.now(), group.actor
    pull.merge_commit_sha = group.head_sha
    pull.closed_at, pull.closed_by = pull.merged_at, group.actor
    refs.move_ref(world, group.actor, repo, f"refs/heads/{group.base}", group.head_sha, force=False)
    record(world, pull, "merged", group.actor)
    tell(world, pull, "dequeued", group.actor, reason="MERGE")
    tell(world, pull, "closed", group.actor)
    close_named_issues(world, group.actor, pull)
    _destroy(world, repo, group)


def _leave(world: World, repo: Repository, group: MergeGroup, reason: str) -> None:
    group.ended = reason
    pull = world.pull(repo, group.number)
    record(world, pull, "removed_from_merge_queue", group.actor)
    tell(world, pull, "dequeued", group.actor, reason="CI_FAILURE" if reason == "dequeued" else "QUEUE_CLEARED")
    _destroy(world, repo, group)


def _destroy(world: World, repo: Repository, group: MergeGroup) -> None:
    refs.delete_ref(world, group.actor, repo, f"refs/heads/{group.branch}")
    _tell(world, repo, group, "destroyed", reason=group.ended)


def _tell(world: World, repo: Repository, group: MergeGroup, action: str, **parts: object) -> None:
    shown = {
        "head_sha": group.head_sha,
        "head_ref": f"refs/heads/{group.branch}",
        "base_sha": group.base_sha,
        "base_ref": f"refs/heads/{group.base}",
        "head_commit": simple_commit(repo, group.head_sha),
    }
    emit(world, "merge_group", action, repo, group.actor, merge_group=shown, **parts)
