"""Reviews, the comments on lines and their threads as JSON."""

from __future__ import annotations

from app.simulator import review_places
from app.simulator.http import Json
from app.simulator.records import Review
from app.simulator.shapes.accounts import stamp, user
from app.simulator.shapes.repositories import api_url, html_url
from app.simulator.shapes.threads import association, rollup
from app.simulator.state import Pull, ReviewComment, ReviewThread
from app.simulator.world import World, node_id


def review(world: World, pull: Pull, found: Review, *, in_event: bool = False) -> Json:
    """A review; webhook payloads write its state in lower case."""
    url = f"{api_url(world, pull.repository)}/pulls/{pull.number}"
    page = f"{html_url(world, pull.repository)}/pull/{pull.number}#pullrequestreview-{found.id}"
    shown = {
        "id": found.id,
        "node_id": node_id("PRR", found.id),
        "user": user(world, found.user),
        "body": found.body or None if in_event else found.body,
        "state": found.state.lower() if in_event else found.state,
        "html_url": page,
        "pull_request_url": url,
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": found.commit_id,
        "author_association": association(world, pull.repository, found.user),
    }
    return shown if found.is_pending else {**shown, "submitted_at": stamp(found.submitted_at)}


def review_comment(world: World, found: ReviewComment) -> Json:
    """A comment on a line of a diff."""
    pull, repo = found.pull, found.pull.repository
    url = f"{api_url(world, repo)}/pulls/comments/{found.id}"
    pull_url = f"{api_url(world, repo)}/pulls/{pull.number}"
    page = f"{html_url(world, repo)}/pull/{pull.number}#discussion_r{found.id}"
    place, now = found.place, review_places.now(found)
    shown: Json = {
        "id": found.id,
        "node_id": node_id("PRRC", found.id),
        "url": url,
        "html_url": page,
        "pull_request_url": pull_url,
        "pull_request_review_id": found.review.id,
        "diff_hunk": found.diff_hunk,
        "path": found.path,
        "commit_id": pull.head_sha if now is not None else found.commit_id,
        "original_commit_id": found.commit_id,
        "user": user(world, found.user),
        "body": found.body,
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.updated_at),
        "author_association": association(world, repo, found.user),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": rollup(url, found.reactions),
        "line": now.line if now is not None else None,
        "original_line": place.line,
        "start_line": now.start_line if now is not None else None,
        "original_start_line": place.start_line,
        "start_side": place.start_side,
        "side": place.side,
        "position": now.position if now is not None else None,
        "original_position": found.position or 1,
        "subject_type": "file" if place.line is None else "line",
    }
    if found.in_reply_to is not None:
        shown["in_reply_to_id"] = found.in_reply_to.id
    return shown


def thread(world: World, found: ReviewThread) -> Json:
    """A discussion of a line, as its events show it."""
    shown = [review_comment(world, comment) for comment in found.comments if not comment.review.is_pending]
    return {"node_id": node_id("PRRT", found.id), "comments": shown}
