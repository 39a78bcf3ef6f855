"""What can be changed: drafts, and threads of comments on lines."""

from __future__ import annotations

from app.simulator.actions import pulls, reviews
from app.simulator.graphql import objects
from app.simulator.graphql.objects import View
from app.simulator.graphql.values import Args, Problem, Shaped, plain
from app.simulator.state import Pull, ReviewThread


def root(view: View) -> Shaped:
    """The root of a mutation."""
    return Shaped(
        type="Mutation",
        fields={
            "markPullRequestReadyForReview": lambda args: _set_draft(view, args, False),
            "convertPullRequestToDraft": lambda args: _set_draft(view, args, True),
            "resolveReviewThread": lambda args: _set_resolved(view, args, True),
            "unresolveReviewThread": lambda args: _set_resolved(view, args, False),
            "addPullRequestReviewThreadReply": lambda args: _reply(view, args),
        },
    )


def _input(args: Args, *names: str) -> Args:
    given: Args = args.get("input") or {}
    lacking = [name for name in names if given.get(name) is None]
    if lacking:
        raise Problem("UNPROCESSABLE", f"Argument '{lacking[0]}' on InputObject is required.")
    return given


def _payload(kind: str, given: Args, **fields: Shaped) -> Shaped:
    shown = {name: plain(value) for name, value in fields.items()}
    return Shaped(type=f"{kind}Payload", fields={**shown, "clientMutationId": plain(given.get("clientMutationId"))})


def _set_draft(view: View, args: Args, draft: bool) -> Shaped:
    given = _input(args, "pullRequestId")
    found = view.pull(given["pullRequestId"])
    _demand(view, found, "pull_requests")
    if found.state != "open":
        raise Problem("UNPROCESSABLE", "Pull request is closed")
    pulls.set_draft(view.world, view.world.app.bot, found, draft)
    kind = "ConvertPullRequestToDraft" if draft else "MarkPullRequestReadyForReview"
    return _payload(kind, given, pullRequest=objects.pull_request(view, found))


def _set_resolved(view: View, args: Args, resolved: bool) -> Shaped:
    """Resolving takes `contents: write` as well, of all things: https://github.com/orgs/community/discussions/44650."""
    given = _input(args, "threadId")
    found: ReviewThread = view.thread(given["threadId"])
    _demand(view, found.pull, "pull_requests", "contents")
    reviews.set_resolved(view.world, view.world.app.bot, found, resolved)
    kind = "ResolveReviewThread" if resolved else "UnresolveReviewThread"
    return _payload(kind, given, thread=objects.thread(view, found))


def _reply(view: View, args: Args) -> Shaped:
    given = _input(args, "pullRequestReviewThreadId", "body")
    found: ReviewThread = view.thread(given["pullRequestReviewThreadId"])
    _demand(view, found.pull, "pull_requests")
    if not str(given["body"]).strip():
        raise Problem("UNPROCESSABLE", "Body can't be blank")
    review = view.review(given["pullRequestReviewId"]) if given.get("pullRequestReviewId") else None
    made = reviews.reply(view.world, view.world.app.bot, found.first, given["body"], review=review)
    return _payload("AddPullRequestReviewThreadReply", given, comment=objects.comment(view, made))


def _demand(view: View, found: Pull, *permissions: str) -> None:
    for permission in permissions:
        view.demand(permission, "write")
    if found.repository.archived:
        raise Problem("UNPROCESSABLE", "Repository was archived so is read-only.")
