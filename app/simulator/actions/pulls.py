"""Pull requests and their reviews."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.simulator import git_history
from app.simulator.actions import git
from app.simulator.actions.issues import close_issue
from app.simulator.actions.timeline import record, tell
from app.simulator.events import emit
from app.simulator.git_store import Identity
from app.simulator.http import ApiError, invalid
from app.simulator.records import Account
from app.simulator.shapes import accounts, threads
from app.simulator.state import Pull, Repository, Review, ReviewComment
from app.simulator.world import World

CLOSING = r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)"


@dataclass(frozen=True, kw_only=True)
class LineComment:
    """An inline comment to be made on a diff."""

    path: str
    line: int
    body: str
    side: str = "RIGHT"
    start_line: int | None = None


def open_pull(
    world: World, actor: Account, repo: Repository, *, title: str, body: str | None, head: str, base: str, draft: bool
) -> Pull:
    """Open a pull request.

    Raises the 422s GitHub gives: unknown branch, nothing between the branches, one that is open already.
    """
    head = head.split(":", 1)[1] if head.startswith(f"{repo.owner.login}:") else head
    branches = repo.branches
    for name, branch in (("head", head), ("base", base)):
        if branch not in branches:
            raise invalid("PullRequest", name)
    if any(pull.state == "open" and (pull.head, pull.base) == (head, base) for pull in repo.pulls):
        message = f"A pull request already exists for {repo.owner.login}:{head}."
        raise ApiError(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])
    if not git_history.commits_between(repo.git, branches[base], branches[head]):
        message = f"No commits between {base} and {head}"
        raise ApiError(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])
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
        head=head,
        base=base,
        draft=draft,
        last_head_sha=branches[head],
        last_base_sha=branches[base],
    )
    repo.threads[number] = pull
    tell(world, pull, "opened", actor)
    return pull


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

    Raises the 422 when it is merged or its branch is gone.
    """
    if pull.merged or pull.head not in pull.repository.branches:
        raise invalid("PullRequest", "state", "custom", "state cannot be changed.")
    pull.state, pull.closed_at, pull.closed_by = "open", None, None
    record(world, pull, "reopened", actor)
    tell(world, pull, "reopened", actor)


def set_draft(world: World, actor: Account, pull: Pull, draft: bool) -> None:
    """Make it a draft or ready for review."""
    if pull.draft == draft:
        return
    pull.draft = draft
    name = "converted_to_draft" if draft else "ready_for_review"
    record(world, pull, "convert_to_draft" if draft else "ready_for_review", actor)
    tell(world, pull, name, actor)


def merge(world: World, actor: Account, pull: Pull, message: str | None = None) -> str:
    """Merge with a merge commit that closes the issues the body names; answers its SHA.

    Raises the 405 when it is a draft, closed or in conflict, or an App tries without the approvals protection asks for.
    """
    repo = pull.repository
    tree = git_history.merged_tree(repo.git, pull.base_sha, pull.head_sha)
    rules = repo.protection.get(pull.base)
    approvals = {review.user for review in pull.reviews if review.state == "APPROVED"}
    if rules is not None and actor.type == "Bot" and len(approvals) < rules.required_approvals:
        raise ApiError(405, f"At least {rules.required_approvals} approving review is required.")
    if pull.state != "open" or pull.draft or tree is None:
        raise ApiError(405, "Pull Request is not mergeable")
    now = world.now()
    head_sha = pull.head_sha
    title = message or f"Merge pull request #{pull.number} from {repo.owner.login}/{pull.head}\n\n{pull.title}"
    sha = git.write_commit(
        world,
        actor,
        repo,
        tree=tree,
        parents=(pull.base_sha, head_sha),
        message=title,
        committer=Identity(name=git.WEB_FLOW[0], email=git.WEB_FLOW[1], date=now),
        author=git.identity_of(actor, now),
    )
    repo.verified.add(sha)
    pull.last_base_sha = pull.base_sha
    pull.state, pull.merged_at, pull.merged_by, pull.merge_commit_sha = "closed", now, actor, sha
    pull.closed_at, pull.closed_by = now, actor
    git.move_ref(world, actor, repo, f"refs/heads/{pull.base}", sha, force=False)
    record(world, pull, "merged", actor)
    tell(world, pull, "closed", actor)
    _close_named_issues(world, actor, pull)
    return sha


def _close_named_issues(world: World, actor: Account, pull: Pull) -> None:
    if pull.base != pull.repository.default_branch:
        return
    for number in re.findall(CLOSING, pull.body or ""):
        issue = pull.repository.threads.get(int(number))
        if issue is not None and not isinstance(issue, Pull):
            close_issue(world, actor, issue)


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


def submit_review(
    world: World, actor: Account, pull: Pull, *, state: str, body: str, comments: list[LineComment]
) -> Review:
    """Submit a review (`state` in upper case) with its inline comments; GitHub tells of the review first.

    Raises the 422 for approving or refusing one's own pull request.
    """
    if actor is pull.user and state != "COMMENTED":
        raise ApiError(422, "Review Can not approve or request changes on your own pull request")
    now = world.now()
    review = Review(id=world.next_id(), user=actor, state=state, body=body, commit_id=pull.head_sha, submitted_at=now)
    pull.reviews.append(review)
    if actor in pull.requested:
        pull.requested.remove(actor)
    made = [_line_comment(world, actor, pull, given, review.id) for given in comments]
    _tell_review(world, actor, pull, review)
    for comment in made:
        _tell_line_comment(world, actor, comment)
    return review


def add_line_comment(
    world: World, actor: Account, pull: Pull, given: LineComment, *, reply_to: ReviewComment | None = None
) -> ReviewComment:
    """A single inline comment, which GitHub wraps into a review of its own."""
    review = Review(
        id=world.next_id(),
        user=actor,
        state="COMMENTED",
        body="",
        commit_id=pull.head_sha,
        submitted_at=world.now(),
    )
    pull.reviews.append(review)
    comment = _line_comment(world, actor, pull, given, review.id)
    comment.in_reply_to = reply_to.id if reply_to is not None else None
    _tell_line_comment(world, actor, comment)
    _tell_review(world, actor, pull, review)
    return comment


def _line_comment(world: World, actor: Account, pull: Pull, given: LineComment, review_id: int) -> ReviewComment:
    now = world.now()
    hunks = {file.filename: file.patch or "" for file in pull.files}
    if given.path not in hunks:
        raise invalid("PullRequestReviewComment", "path")
    comment = ReviewComment(
        id=world.next_id(),
        pull=pull,
        review_id=review_id,
        user=actor,
        body=given.body,
        path=given.path,
        line=given.line,
        side=given.side,
        start_line=given.start_line,
        diff_hunk=hunks[given.path],
        commit_id=pull.head_sha,
        created_at=now,
        updated_at=now,
    )
    pull.review_comments.append(comment)
    return comment


def _tell_review(world: World, actor: Account, pull: Pull, review: Review) -> None:
    parts: dict[str, Any] = {"pull_request": threads.pull_simple(world, pull)}
    shown = threads.review(world, pull, review, in_event=True)
    emit(world, "pull_request_review", "submitted", pull.repository, actor, review=shown, **parts)


def _tell_line_comment(world: World, actor: Account, comment: ReviewComment) -> None:
    parts: dict[str, Any] = {"pull_request": threads.pull_simple(world, comment.pull)}
    shown = threads.review_comment(world, comment)
    emit(world, "pull_request_review_comment", "created", comment.pull.repository, actor, comment=shown, **parts)
