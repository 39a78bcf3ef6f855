"""What can be asked for: repositories, pull requests, review threads and their comments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.simulator import auth, mergeability, review_places
from app.simulator.graphql.connections import connection
from app.simulator.graphql.rollup import rollup
from app.simulator.graphql.values import Args, Problem, Shaped, plain
from app.simulator.records import Account, Review, Token
from app.simulator.shapes.accounts import stamp
from app.simulator.shapes.repositories import html_url
from app.simulator.shapes.threads import association
from app.simulator.state import Pull, Repository, ReviewComment, ReviewThread
from app.simulator.world import World, node_id

Named = TypeVar("Named")
FORBIDDEN = "Resource not accessible by integration"


@dataclass(frozen=True, kw_only=True)
class View:
    """What the caller sees: everything its token reaches, and of pending reviews its own."""

    world: World
    token: Token

    def sees(self, review: Review) -> bool:
        """A pending review is its author's."""
        return not review.is_pending or review.user is self.world.app.bot

    def demand(self, permission: str, level: str) -> None:
        """Raise the FORBIDDEN unless the token carries this permission."""
        if not auth.grants(self.token, permission, level):
            raise Problem("FORBIDDEN", FORBIDDEN)

    def reached(self) -> list[Repository]:
        """The repositories of the token."""
        return [repo for repo in self.world.repositories.values() if auth.covers(self.world, self.token, repo)]

    def comments(self, found: ReviewThread) -> list[ReviewComment]:
        """The comments of a thread that the caller sees."""
        return [comment for comment in found.comments if self.sees(comment.review)]

    def threads(self, found: Pull) -> list[ReviewThread]:
        """The threads of a pull request that the caller sees."""
        return [one for one in found.review_threads if self.comments(one)]

    def pull(self, identifier: str) -> Pull:
        """The pull request with this node id. Raises NOT_FOUND."""
        pulls = (found for repo in self.reached() for found in repo.pulls)
        return self._named(identifier, ((node_id("PR", found.id), found) for found in pulls))

    def thread(self, identifier: str) -> ReviewThread:
        """The thread with this node id. Raises NOT_FOUND."""
        pulls = (found for repo in self.reached() for found in repo.pulls)
        threads = (one for found in pulls for one in self.threads(found))
        return self._named(identifier, ((node_id("PRRT", one.id), one) for one in threads))

    def review(self, identifier: str) -> Review:
        """The review with this node id. Raises NOT_FOUND."""
        reviews = (one for repo in self.reached() for found in repo.pulls for one in found.reviews if self.sees(one))
        return self._named(identifier, ((node_id("PRR", one.id), one) for one in reviews))

    def _named(self, identifier: str, pairs: Iterable[tuple[str, Named]]) -> Named:
        for name, found in pairs:
            if name == identifier:
                return found
        raise Problem("NOT_FOUND", f"Could not resolve to a node with the global id of '{identifier}'")


def query(view: View) -> Shaped:
    """The root of a query."""
    return Shaped(
        type="Query",
        fields={
            "repository": lambda args: repository(view, _repository(view, args)),
            "node": lambda args: _node(view, str(args.get("id"))),
            "viewer": lambda _args: actor(view, view.world.app.bot),
            "rateLimit": lambda _args: _rate_limit(view),
        },
    )


def _repository(view: View, args: Args) -> Repository:
    full_name = f"{args.get('owner')}/{args.get('name')}"
    for repo in view.reached():
        if repo.full_name.lower() == full_name.lower():
            return repo
    raise Problem("NOT_FOUND", f"Could not resolve to a Repository with the name '{full_name}'.")


def _node(view: View, identifier: str) -> Shaped:
    view.demand("pull_requests", "read")
    if identifier.startswith("PRRT_"):
        return thread(view, view.thread(identifier))
    return pull_request(view, view.pull(identifier))


def _rate_limit(view: View) -> Shaped:
    reset = stamp(view.world.now())
    values = {"cost": 1, "limit": 5000, "remaining": 4999, "used": 1, "nodeCount": 0, "resetAt": reset}
    return Shaped(type="RateLimit", fields={name: plain(value) for name, value in values.items()})


def actor(view: View, account: Account | None) -> Shaped | None:
    """Who did something: a User, Bot or Organization. A bot's login has no `[bot]` here."""
    if account is None:
        return None
    values = {
        "login": account.login.removesuffix("[bot]"),
        "id": node_id("U", account.id),
        "databaseId": account.id,
        "url": f"{view.world.html_url}/{account.login}",
    }
    return Shaped(type=account.type, fields={name: plain(value) for name, value in values.items()})


def _user(view: View, account: Account | None) -> Shaped | None:
    """For fields that the schema says hold a User: a bot is none, so it is null there."""
    return actor(view, account) if account is not None and account.type == "User" else None


def repository(view: View, repo: Repository) -> Shaped:
    """A repository."""
    values = {"id": node_id("R", repo.id), "databaseId": repo.id, "name": repo.name, "nameWithOwner": repo.full_name}
    return Shaped(
        type="Repository",
        fields={
            **{name: plain(value) for name, value in values.items()},
            "isArchived": plain(repo.archived),
            "isPrivate": plain(repo.private),
            "url": plain(html_url(view.world, repo)),
            "pullRequest": lambda args: pull_request(view, _numbered(view, repo, args.get("number"))),
        },
    )


def _numbered(view: View, repo: Repository, number: Any) -> Pull:
    view.demand("pull_requests", "read")
    found = repo.threads.get(number)
    if not isinstance(found, Pull):
        raise Problem("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
    return found


def _mergeable(view: View, found: Pull) -> str:
    merges = mergeability.known(view.world, found)
    mergeability.look(view.world, found)
    return "UNKNOWN" if merges is None else "MERGEABLE" if merges else "CONFLICTING"


def pull_request(view: View, found: Pull) -> Shaped:
    """A pull request."""
    repo = found.repository
    values = {
        "id": node_id("PR", found.id),
        "databaseId": found.id,
        "fullDatabaseId": str(found.id),
        "number": found.number,
        "title": found.title,
        "body": found.body or "",
        "url": f"{html_url(view.world, repo)}/pull/{found.number}",
        "state": "MERGED" if found.merged else found.state.upper(),
        "closed": found.state == "closed",
        "merged": found.merged,
        "isDraft": found.draft,
        "locked": found.locked,
        "isCrossRepository": found.is_from_fork,
        "maintainerCanModify": found.maintainer_can_modify,
        "headRefName": found.head,
        "headRefOid": found.head_sha,
        "baseRefName": found.base,
        "baseRefOid": found.base_sha,
        "createdAt": stamp(found.created_at),
        "updatedAt": stamp(found.updated_at),
    }
    return Shaped(
        type="PullRequest",
        fields={
            **{name: plain(value) for name, value in values.items()},
            "author": lambda _args: actor(view, found.user),
            "repository": lambda _args: repository(view, repo),
            "mergeable": lambda _args: _mergeable(view, found),
            "statusCheckRollup": lambda _args: _rollup(view, repo, found.head_sha),
            "mergeStateStatus": lambda _args: mergeability.state(view.world, found).upper(),
            "reviewThreads": lambda args: connection(
                "PullRequestReviewThread", view.threads(found), lambda one: thread(view, one), args
            ),
        },
    )


def thread(view: View, found: ReviewThread) -> Shaped:
    """A thread of comments on lines."""
    first = found.first
    place, now = first.place, review_places.now(first)
    may = auth.grants(view.token, "pull_requests", "write")
    values = {
        "id": node_id("PRRT", found.id),
        "isResolved": found.is_resolved,
        "isOutdated": now is None,
        "isCollapsed": found.is_resolved or now is None,
        "path": place.path,
        "line": now.line if now else None,
        "originalLine": place.line,
        "startLine": now.start_line if now else None,
        "originalStartLine": place.start_line,
        "diffSide": place.side,
        "startDiffSide": place.start_side,
        "subjectType": "FILE" if place.line is None else "LINE",
        "viewerCanReply": may and not found.pull.locked,
        "viewerCanResolve": may and not found.is_resolved,
        "viewerCanUnresolve": may and found.is_resolved,
    }
    return Shaped(
        type="PullRequestReviewThread",
        fields={
            **{name: plain(value) for name, value in values.items()},
            "resolvedBy": lambda _args: _user(view, found.resolved_by),
            "pullRequest": lambda _args: pull_request(view, found.pull),
            "repository": lambda _args: repository(view, found.pull.repository),
            "comments": lambda args: connection(
                "PullRequestReviewComment", view.comments(found), lambda one: comment(view, one), args
            ),
        },
    )


def comment(view: View, found: ReviewComment) -> Shaped:
    """A comment on a line."""
    place, now = found.place, review_places.now(found)
    repo = found.pull.repository
    values = {
        "id": node_id("PRRC", found.id),
        "databaseId": found.id,
        "fullDatabaseId": str(found.id),
        "body": found.body,
        "path": place.path,
        "line": now.line if now else None,
        "originalLine": place.line,
        "startLine": now.start_line if now else None,
        "originalStartLine": place.start_line,
        "diffHunk": found.diff_hunk,
        "outdated": now is None,
        "isMinimized": False,
        "state": "PENDING" if found.review.is_pending else "SUBMITTED",
        "authorAssociation": association(view.world, repo, found.user),
        "createdAt": stamp(found.created_at),
        "updatedAt": stamp(found.updated_at),
        "url": f"{html_url(view.world, repo)}/pull/{found.pull.number}#discussion_r{found.id}",
    }
    return Shaped(
        type="PullRequestReviewComment",
        fields={
            **{name: plain(value) for name, value in values.items()},
            "author": lambda _args: actor(view, found.user),
            "replyTo": lambda _args: comment(view, found.in_reply_to) if found.in_reply_to else None,
            "pullRequestReview": lambda _args: review(view, found.review),
            "commit": lambda _args: _commit(view, repo, found.pull.head_sha if now else found.commit_id),
            "originalCommit": lambda _args: _commit(view, repo, found.commit_id),
        },
    )


def review(view: View, found: Review) -> Shaped:
    """A review."""
    values: Mapping[str, Any] = {
        "id": node_id("PRR", found.id),
        "databaseId": found.id,
        "body": found.body,
        "state": found.state,
        "submittedAt": stamp(found.submitted_at),
    }
    fields = {name: plain(value) for name, value in values.items()}
    return Shaped(type="PullRequestReview", fields={**fields, "author": lambda _args: actor(view, found.user)})


def _commit(view: View, repo: Repository, sha: str) -> Shaped:
    fields = {"oid": plain(sha), "abbreviatedOid": plain(sha[:7])}
    return Shaped(type="Commit", fields={**fields, "statusCheckRollup": lambda _args: _rollup(view, repo, sha)})


def _rollup(view: View, repo: Repository, sha: str) -> Shaped | None:
    """Raises FORBIDDEN for a token that may read neither checks nor statuses."""
    view.demand("checks", "read")
    view.demand("statuses", "read")
    return rollup(view.world, repo, sha)
