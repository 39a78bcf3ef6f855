"""Pull requests: opened, closed, sent elsewhere, made ready, and who is asked to look at them."""

from __future__ import annotations

from app.simulator import git_history
from app.simulator.actions import refs
from app.simulator.actions.timeline import record, tell
from app.simulator.http import ApiError, invalid
from app.simulator.records import Account
from app.simulator.shapes import accounts
from app.simulator.state import Pull, Repository
from app.simulator.world import World


def open_pull(
    world: World,
    actor: Account,
    repo: Repository,
    *,
    title: str,
    body: str | None,
    head: str,
    base: str,
    draft: bool = False,
    maintainer_can_modify: bool = False,
) -> Pull:
    """Open a pull request; `head` is a branch of the repository, or OWNER:BRANCH of one of its forks.

    Raises the 422s GitHub gives: unknown branch, nothing between the branches, one that is open already.
    """
    owner, _, branch = head.rpartition(":")
    origin = world.family_member(repo, owner or repo.owner.login)
    head_sha, base_sha = origin.tip(branch) if origin else None, repo.tip(base)
    if origin is None or head_sha is None or base_sha is None:
        raise invalid("PullRequest", "base" if base_sha is None else "head")
    ends = (origin, branch, base)
    if any(pull.state == "open" and (pull.head_repository, pull.head, pull.base) == ends for pull in repo.pulls):
        raise _refused(f"A pull request already exists for {origin.owner.login}:{branch}.")
    if not git_history.commits_between(repo.git, base_sha, head_sha):
        raise _refused(f"No commits between {base} and {head}")
    now = world.now()
    number, repo.next_number = repo.next_number, repo.next_number + 1
    pull = Pull(
        id=world.next_id(),
        number=number,
        repository=repo,
        user=actor,
        title=title,
        body=body,
        created_at=now,
        updated_at=now,
        head=branch,
        base=base,
        head_repository=origin,
        draft=draft,
        maintainer_can_modify=maintainer_can_modify and origin is not repo,
        last_head_sha=head_sha,
        last_base_sha=base_sha,
    )
    repo.threads[number] = pull
    refs.note_head(pull)
    tell(world, pull, "opened", actor)
    return pull


def _refused(message: str) -> ApiError:
    errors = [{"resource": "PullRequest", "code": "custom", "message": message}]
    return ApiError(422, "Validation Failed", errors)


def close_pull(world: World, actor: Account, pull: Pull) -> None:
    """Close without merging."""
    if pull.state == "closed":
        return
    _ = pull.head_sha, pull.base_sha  # remembered as they are now
    pull.state, pull.closed_at, pull.closed_by = "closed", world.now(), actor
    record(world, pull, "closed", actor)
    tell(world, pull, "closed", actor)


def reopen_pull(world: World, actor: Account, pull: Pull) -> None:
    """Open a closed, unmerged pull request again.

    Raises the 422 when it is merged, its branch is gone or stands where the old head is no part of it.
    """
    if pull.state == "open":
        return
    tip = pull.head_repository.tip(pull.head) if pull.head_repository else None
    is_there = tip is not None and pull.repository.tip(pull.base) is not None
    if pull.merged or not is_there or not git_history.is_ancestor(pull.repository.git, pull.last_head_sha, tip or ""):
        raise invalid("PullRequest", "state", "custom", "state cannot be changed.")
    pull.state, pull.closed_at, pull.closed_by = "open", None, None
    record(world, pull, "reopened", actor)
    tell(world, pull, "reopened", actor)


def retarget(world: World, actor: Account, pull: Pull, base: str) -> None:
    """Send a pull request to another branch.

    Raises the 422 for a closed one, an unknown branch, or one that has all its commits.
    """
    tip = pull.repository.tip(base)
    if tip is None or pull.state != "open":
        raise invalid("PullRequest", "base")
    if base != pull.base and not git_history.commits_between(pull.repository.git, tip, pull.head_sha):
        raise _refused(f"There are no new commits between base branch '{base}' and head branch '{pull.head}'")
    refs.set_base(world, actor, pull, base)


def set_draft(world: World, actor: Account, pull: Pull, draft: bool) -> None:
    """Make it a draft or ready for review."""
    if pull.draft == draft:
        return
    pull.draft = draft
    name = "converted_to_draft" if draft else "ready_for_review"
    record(world, pull, "convert_to_draft" if draft else "ready_for_review", actor)
    tell(world, pull, name, actor)


def request_reviewers(world: World, actor: Account, pull: Pull, people: list[Account], teams: list[str]) -> None:
    """Ask people for a review.

    Raises the 422 for the author and for people without access.
    """
    for person in people:
        if person is pull.user:
            raise ApiError(422, "Review cannot be requested from pull request author.")
        if not world.is_member(pull.repository, person) and person is not pull.repository.owner:
            raise ApiError(422, "Reviews may only be requested from collaborators.")
    for person in people:
        if person not in pull.requested:
            pull.requested.append(person)
            record(world, pull, "review_requested", actor, requested_reviewer=person, review_requester=actor)
            tell(world, pull, "review_requested", actor, requested_reviewer=accounts.user(world, person))
    pull.requested_teams += [team for team in teams if team not in pull.requested_teams]


def remove_reviewers(world: World, actor: Account, pull: Pull, people: list[Account]) -> None:
    """Take requests for a review back."""
    for person in people:
        if person in pull.requested:
            pull.requested.remove(person)
            tell(world, pull, "review_request_removed", actor, requested_reviewer=accounts.user(world, person))
