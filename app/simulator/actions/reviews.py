"""Reviews: begun, submitted, dismissed; the comments on lines, their answers, and threads that are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.simulator import diff_lines
from app.simulator.actions.timeline import demand_unlocked, record
from app.simulator.events import emit
from app.simulator.http import ApiError
from app.simulator.records import Account, Place, Review
from app.simulator.shapes import pulls as pull_shapes
from app.simulator.shapes import reviews as shapes
from app.simulator.state import Pull, ReviewComment, ReviewThread
from app.simulator.world import World

VERDICTS = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED")


@dataclass(frozen=True, kw_only=True)
class LineComment:
    """A comment to be made on a diff; `line` None: on the file as a whole."""

    path: str
    line: int | None
    body: str
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None


def start_review(
    world: World, actor: Account, pull: Pull, *, body: str = "", comments: Iterable[LineComment] = ()
) -> Review:
    """A pending review: nobody else sees it or its comments, nobody is told.

    Raises the 422 for a second one of the same person, and for a path or line that the diff does not have.
    """
    demand_unlocked(world, pull, actor)
    if any(review.is_pending and review.user is actor for review in pull.reviews):
        raise ApiError(422, "User can only have one pending review per pull request")
    given = [(comment, _row(pull, comment)) for comment in comments]
    review = Review(
        id=world.next_id(), user=actor, state="PENDING", body=body, commit_id=pull.head_sha, submitted_at=None
    )
    pull.reviews.append(review)
    for comment, row in given:
        _begin_thread(world, actor, pull, review, comment, row)
    return review


def submit_review(world: World, actor: Account, pull: Pull, review: Review, *, state: str, body: str | None) -> None:
    """Submit a pending review with a verdict (in upper case): now it and its comments are told, one by one.

    Raises the 422 for a verdict on one's own pull request, a review without words, and one that is not pending.
    """
    words = body if body is not None else review.body
    comments = _comments_of(pull, review)
    if not review.is_pending:
        raise ApiError(422, "Can not submit a review that is not pending.")
    if actor is pull.user and state != "COMMENTED":
        verb = "approve" if state == "APPROVED" else "request changes on"
        raise ApiError(422, "Unprocessable Entity", [f"Review Can not {verb} your own pull request"])
    if not words and (state == "CHANGES_REQUESTED" or (state == "COMMENTED" and not comments)) and actor.type == "Bot":
        raise ApiError(422, "Unprocessable Entity", ["Review body is required"])
    review.state, review.body, review.submitted_at = state, words, world.now()
    if actor in pull.requested:
        pull.requested.remove(actor)
    record(world, pull, "reviewed", actor, review_id=review.id)
    if world.comments_come_first:
        _tell_comments(world, actor, comments)
    _tell_review(world, actor, pull, review, "submitted")
    if not world.comments_come_first:
        _tell_comments(world, actor, comments)


def discard_review(pull: Pull, review: Review) -> None:
    """Throw a pending review away, with its comments.

    Raises the 422 for one that was submitted.
    """
    if not review.is_pending:
        raise ApiError(422, "Can not delete a non-pending pull request review")
    for thread in pull.review_threads:
        thread.comments = [comment for comment in thread.comments if comment.review is not review]
    pull.review_threads = [thread for thread in pull.review_threads if thread.comments]
    pull.reviews.remove(review)


def dismiss_review(world: World, actor: Account, pull: Pull, review: Review, message: str) -> None:
    """Take the weight from a verdict.

    Raises the 422 for what is no verdict.
    """
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise ApiError(422, "Can not dismiss a commented pull request review")
    review.state = "DISMISSED"
    record(world, pull, "review_dismissed", actor, dismissed_review={"review_id": review.id, "message": message})
    _tell_review(world, actor, pull, review, "dismissed")


def edit_review(world: World, actor: Account, pull: Pull, review: Review, body: str) -> None:
    """Change the words of a review."""
    changes = {"body": {"from": review.body}} if review.body else {}
    review.body = body
    if not review.is_pending:
        _tell_review(world, actor, pull, review, "edited", changes=changes)


# --- comments on lines


def add_line_comment(world: World, actor: Account, pull: Pull, given: LineComment) -> ReviewComment:
    """One comment on a line, which GitHub wraps into a review of its own; from then on it is a thread."""
    demand_unlocked(world, pull, actor)
    row = _row(pull, given)
    review = _wrapping(world, actor, pull)
    comment = _begin_thread(world, actor, pull, review, given, row)
    _tell_single(world, actor, comment)
    return comment


def reply(
    world: World, actor: Account, first: ReviewComment, body: str, *, review: Review | None = None
) -> ReviewComment:
    """Answer in a thread, at once or (with a pending review of the same person) when that is submitted."""
    pull, thread, now = first.pull, first.thread, world.now()
    demand_unlocked(world, pull, actor)
    root = thread.first
    comment = ReviewComment(
        id=world.next_id(),
        pull=pull,
        review=review or _wrapping(world, actor, pull),
        user=actor,
        body=body,
        place=root.place,
        diff_hunk=root.diff_hunk,
        position=root.position,
        commit_id=root.commit_id,
        from_sha=root.from_sha,
        created_at=now,
        updated_at=now,
        in_reply_to=root,
    )
    thread.comments.append(comment)
    if review is None:
        _tell_single(world, actor, comment)
    return comment


def edit_line_comment(world: World, actor: Account, comment: ReviewComment, body: str) -> None:
    """Change a comment on a line."""
    if body == comment.body:
        return
    changes = {"body": {"from": comment.body}}
    comment.body, comment.updated_at = body, world.now()
    if not comment.review.is_pending:
        _tell_comment(world, actor, comment, "edited", changes=changes)


def delete_line_comment(world: World, actor: Account, comment: ReviewComment) -> None:
    """Delete a comment on a line; a thread without comments is gone."""
    thread = comment.thread
    if not comment.review.is_pending:
        _tell_comment(world, actor, comment, "deleted")
    thread.comments.remove(comment)
    if not thread.comments:
        comment.pull.review_threads.remove(thread)


def set_resolved(world: World, actor: Account, thread: ReviewThread, resolved: bool) -> None:
    """Say that a thread is done, or that it is not."""
    if thread.is_resolved == resolved:
        return
    thread.resolved_by = actor if resolved else None
    shown, pull = shapes.thread(world, thread), pull_shapes.pull_simple(world, thread.pull)
    action = "resolved" if resolved else "unresolved"
    repo = thread.pull.repository
    emit(world, "pull_request_review_thread", action, repo, actor, pull_request=pull, thread=shown)


def _wrapping(world: World, actor: Account, pull: Pull) -> Review:
    """The review GitHub puts around a single comment."""
    review = Review(
        id=world.next_id(),
        user=actor,
        state="COMMENTED",
        body="",
        commit_id=pull.head_sha,
        submitted_at=world.now(),
    )
    pull.reviews.append(review)
    return review


def _row(pull: Pull, given: LineComment) -> diff_lines.Row | None:
    """Where the comment stands in the diff.

    Raises the 422 when its file or one of its lines is not shown there.
    """
    patch = next((file.patch or "" for file in pull.files if file.filename == given.path), None)
    if patch is None:
        raise ApiError(422, "Unprocessable Entity", ["Path could not be resolved"])
    if given.line is None:
        return None
    row = diff_lines.row_of(patch, given.side, given.line)
    start_side = given.start_side or given.side
    is_range = given.start_line is not None
    if row is None or (is_range and diff_lines.row_of(patch, start_side, given.start_line or 0) is None):
        raise ApiError(422, "Unprocessable Entity", ["Line could not be resolved"])
    if is_range and start_side == given.side and (given.start_line or 0) >= given.line:
        raise ApiError(422, "Unprocessable Entity", ["start_line must precede the end line."])
    return row


def _begin_thread(
    world: World, actor: Account, pull: Pull, review: Review, given: LineComment, row: diff_lines.Row | None
) -> ReviewComment:
    now = world.now()
    patch = next(file.patch or "" for file in pull.files if file.filename == given.path)
    start_side = (given.start_side or given.side) if given.start_line is not None else None
    comment = ReviewComment(
        id=world.next_id(),
        pull=pull,
        review=review,
        user=actor,
        body=given.body,
        place=Place(
            path=given.path, line=given.line, side=given.side, start_line=given.start_line, start_side=start_side
        ),
        diff_hunk=diff_lines.hunk_above(patch, row) if row is not None else patch,
        position=row.position if row is not None else None,
        commit_id=pull.head_sha,
        from_sha=pull.from_sha,
        created_at=now,
        updated_at=now,
    )
    pull.review_threads.append(ReviewThread(id=world.next_id(), pull=pull, comments=[comment]))
    return comment


def _comments_of(pull: Pull, review: Review) -> list[ReviewComment]:
    found = [comment for thread in pull.review_threads for comment in thread.comments if comment.review is review]
    return sorted(found, key=lambda comment: comment.id)


# --- telling


def _tell_single(world: World, actor: Account, comment: ReviewComment) -> None:
    _tell_comment(world, actor, comment, "created")
    _tell_review(world, actor, comment.pull, comment.review, "submitted")


def _tell_comments(world: World, actor: Account, comments: list[ReviewComment]) -> None:
    for comment in comments:
        _tell_comment(world, actor, comment, "created")


def _tell_review(world: World, actor: Account, pull: Pull, review: Review, action: str, **parts: object) -> None:
    shown, whole = shapes.review(world, pull, review, in_event=True), pull_shapes.pull_simple(world, pull)
    emit(world, "pull_request_review", action, pull.repository, actor, review=shown, pull_request=whole, **parts)


def _tell_comment(world: World, actor: Account, comment: ReviewComment, action: str, **parts: object) -> None:
    shown, whole = shapes.review_comment(world, comment), pull_shapes.pull_simple(world, comment.pull)
    repo = comment.pull.repository
    emit(world, "pull_request_review_comment", action, repo, actor, comment=shown, pull_request=whole, **parts)
