"""Reviews and the comments on lines. A pending review is there for its author only."""

from __future__ import annotations

from app.simulator.actions import reviews as actions
from app.simulator.actions.issues import BODY_LIMIT
from app.simulator.actions.reviews import LineComment
from app.simulator.http import ApiError, Json, Response, invalid, not_found, text_field
from app.simulator.records import Review
from app.simulator.rest.issues import asked_since
from app.simulator.rest.pulls import PULL
from app.simulator.routing import Call, Routes
from app.simulator.shapes import reviews as shapes
from app.simulator.state import Pull, ReviewComment

routes = Routes()
VERDICTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
LINES = {"line", "original_line", "side", "start_line", "original_start_line", "start_side", "subject_type"}
COMMENT = "/repos/{owner}/{repo}/pulls/comments/{id}"


def _review(call: Call, pull: Pull) -> Review:
    """The review of the path, when the caller may see it."""
    number = call.number("id")
    found = next((review for review in pull.reviews if review.id == number), None)
    if found is None or (found.is_pending and found.user is not call.actor):
        raise not_found()
    return found


def _own_review(call: Call, pull: Pull) -> Review:
    found = _review(call, pull)
    if found.user is not call.actor:
        raise ApiError(403, "Resource not accessible by integration")
    return found


def _verdict(call: Call) -> str | None:
    """The event of the body as a state; None: the review stays pending."""
    event = call.body.get("event")
    if event and event not in VERDICTS:
        raise ApiError(422, "Unprocessable Entity", [f"Event {event} is not one of {', '.join(VERDICTS)}"])
    return VERDICTS[event] if event else None


def _given(body: Json) -> LineComment:
    """An inline comment as the API takes it; `position`, counted in the diff, is closing down and refused."""
    if "position" in body:
        raise ApiError(422, "Unprocessable Entity", ["position is closing down, use line"])
    text_field(body, "body", "PullRequestReviewComment", limit=BODY_LIMIT)
    is_file = body.get("subject_type") == "file"
    line = None if is_file else body.get("line")
    if not isinstance(body.get("path"), str) or not (is_file or isinstance(line, int)):
        raise ApiError(422, "Unprocessable Entity", ["Line could not be resolved"])
    return LineComment(
        path=body["path"],
        line=line,
        body=body["body"],
        side=body.get("side") or "RIGHT",
        start_line=body.get("start_line"),
        start_side=body.get("start_side"),
    )


@routes.add("GET", f"{PULL}/reviews", needs="pull_requests:read")
def list_reviews(call: Call) -> Response:
    """The reviews, oldest first."""
    pull = call.pull()
    seen = [review for review in pull.reviews if not review.is_pending or review.user is call.actor]
    return call.page([shapes.review(call.world, pull, found) for found in call.world.listed(seen)])


@routes.add("POST", f"{PULL}/reviews", needs="pull_requests:write")
def create_review(call: Call) -> Response:
    """Begin a review, and submit it at once when an event is named."""
    pull, body = call.pull(), call.body
    state = _verdict(call)
    comments = [_given(given) for given in body.get("comments") or []]
    text = text_field(body, "body", "PullRequestReview", limit=BODY_LIMIT, required=False)
    if body.get("commit_id") not in (None, pull.head_sha):
        raise ApiError(422, "Unprocessable Entity", ["Commit is not the head of the pull request"])
    review = actions.start_review(call.world, call.actor, pull, body=text, comments=comments)
    if state is not None:
        _submit(call, pull, review, state)
    return Response(200, shapes.review(call.world, pull, review))


def _submit(call: Call, pull: Pull, review: Review, state: str) -> None:
    try:
        actions.submit_review(call.world, call.actor, pull, review, state=state, body=None)
    except ApiError:
        actions.discard_review(pull, review)
        raise


@routes.add("GET", f"{PULL}/reviews/{{id}}", needs="pull_requests:read")
def get_review(call: Call) -> Response:
    """One review."""
    pull = call.pull()
    return Response(200, shapes.review(call.world, pull, _review(call, pull)))


@routes.add("PUT", f"{PULL}/reviews/{{id}}", needs="pull_requests:write")
def update_review(call: Call) -> Response:
    """Change the words of one's own review."""
    pull = call.pull()
    review = _own_review(call, pull)
    text = text_field(call.body, "body", "PullRequestReview", limit=BODY_LIMIT)
    actions.edit_review(call.world, call.actor, pull, review, text)
    return Response(200, shapes.review(call.world, pull, review))


@routes.add("DELETE", f"{PULL}/reviews/{{id}}", needs="pull_requests:write")
def delete_review(call: Call) -> Response:
    """Throw one's own pending review away."""
    pull = call.pull()
    review = _own_review(call, pull)
    actions.discard_review(pull, review)
    return Response(200, shapes.review(call.world, pull, review))


@routes.add("POST", f"{PULL}/reviews/{{id}}/events", needs="pull_requests:write")
def submit_review(call: Call) -> Response:
    """Submit one's own pending review."""
    pull = call.pull()
    review, state = _own_review(call, pull), _verdict(call)
    if state is None:
        raise ApiError(422, "Unprocessable Entity", ["Event is required"])
    actions.submit_review(call.world, call.actor, pull, review, state=state, body=call.body.get("body"))
    return Response(200, shapes.review(call.world, pull, review))


@routes.add("PUT", f"{PULL}/reviews/{{id}}/dismissals", needs="pull_requests:write")
def dismiss_review(call: Call) -> Response:
    """Take the weight from a verdict."""
    pull = call.pull()
    review = _review(call, pull)
    message = text_field(call.body, "message", "PullRequestReview", limit=BODY_LIMIT)
    actions.dismiss_review(call.world, call.actor, pull, review, message)
    return Response(200, shapes.review(call.world, pull, review))


# --- comments on lines


def _seen(call: Call, pull: Pull) -> list[ReviewComment]:
    comments = [comment for thread in pull.review_threads for comment in thread.comments]
    mine = [c for c in comments if not c.review.is_pending or c.user is call.actor]
    return sorted(mine, key=lambda comment: comment.id)


def _page(call: Call, comments: list[ReviewComment]) -> Response:
    query, edge = call.request.query, asked_since(call)
    found = [comment for comment in comments if edge is None or comment.updated_at >= edge]
    key = "updated_at" if query.get("sort") == "updated" else "created_at"
    found.sort(
        key=lambda c: (getattr(c, key), c.id), reverse=bool(query.get("sort")) and query.get("direction") == "desc"
    )
    return call.page([shapes.review_comment(call.world, comment) for comment in call.world.listed(found)])


@routes.add("GET", f"{PULL}/reviews/{{id}}/comments", needs="pull_requests:read")
def list_review_comments(call: Call) -> Response:
    """The comments of one review, in the old form: the lines are not told, only the position in the diff."""
    pull = call.pull()
    review = _review(call, pull)
    found = [shapes.review_comment(call.world, one) for one in _seen(call, pull) if one.review is review]
    return call.page([{name: value for name, value in one.items() if name not in LINES} for one in found])


@routes.add("GET", f"{PULL}/comments", needs="pull_requests:read")
def list_line_comments(call: Call) -> Response:
    """All comments on lines of one pull request."""
    return _page(call, _seen(call, call.pull()))


@routes.add("GET", "/repos/{owner}/{repo}/pulls/comments", needs="pull_requests:read")
def list_repository_line_comments(call: Call) -> Response:
    """The comments on lines of all pull requests."""
    return _page(call, [comment for pull in call.repo.pulls for comment in _seen(call, pull)])


@routes.add("POST", f"{PULL}/comments", needs="pull_requests:write")
def create_line_comment(call: Call) -> Response:
    """One comment on a line, or with `in_reply_to` an answer."""
    pull, body = call.pull(), call.body
    if body.get("in_reply_to"):
        return _replied(call, pull, int(body["in_reply_to"]))
    given = _given(body)
    if body.get("commit_id") != pull.head_sha:
        field = "commit_id"
        raise invalid("PullRequestReviewComment", field, "missing_field" if field not in body else "invalid")
    made = actions.add_line_comment(call.world, call.actor, pull, given)
    return Response(201, shapes.review_comment(call.world, made))


@routes.add("POST", f"{PULL}/comments/{{id}}/replies", needs="pull_requests:write")
def reply(call: Call) -> Response:
    """Answer a comment that began a thread: answers to answers are not supported."""
    return _replied(call, call.pull(), call.number("id"))


def _replied(call: Call, pull: Pull, number: int) -> Response:
    first = next((comment for comment in _seen(call, pull) if comment.id == number), None)
    if first is None:
        raise not_found()
    if first.in_reply_to is not None:
        raise invalid("PullRequestReviewComment", "in_reply_to")
    if first.review.is_pending:
        raise ApiError(422, "Unprocessable Entity", ["Cannot reply to a comment of a pending review"])
    body = text_field(call.body, "body", "PullRequestReviewComment", limit=BODY_LIMIT)
    made = actions.reply(call.world, call.actor, first, body)
    return Response(201, shapes.review_comment(call.world, made))


def _comment(call: Call) -> ReviewComment:
    found = call.world.review_comment(call.repo, call.number("id"))
    if found.review.is_pending and found.user is not call.actor:
        raise not_found()
    return found


@routes.add("GET", COMMENT, needs="pull_requests:read")
def get_line_comment(call: Call) -> Response:
    """One comment on a line."""
    return Response(200, shapes.review_comment(call.world, _comment(call)))


@routes.add("PATCH", COMMENT, needs="pull_requests:write")
def update_line_comment(call: Call) -> Response:
    """Replace the body of one's own comment."""
    found = _comment(call)
    if found.user is not call.actor:
        raise ApiError(403, "Resource not accessible by integration")
    body = text_field(call.body, "body", "PullRequestReviewComment", limit=BODY_LIMIT)
    actions.edit_line_comment(call.world, call.actor, found, body)
    return Response(200, shapes.review_comment(call.world, found))


@routes.add("DELETE", COMMENT, needs="pull_requests:write")
def delete_line_comment(call: Call) -> Response:
    """Delete a comment on a line."""
    actions.delete_line_comment(call.world, call.actor, _comment(call))
    return Response(204)
