"""Review threads: what people said at lines of a pull request's diff, answered where they said it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.github.client import GitHub, place
from app.github.records import BODY_LIMIT, cut

_PAGES = 10

READ_THREADS = """
query ReadThreads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line originalLine startLine originalStartLine diffSide
          comments(first: 30) {
            nodes { databaseId body createdAt diffHunk author { login __typename } }
          }
        }
      }
    }
  }
}
"""
RESOLVE_THREAD = """
mutation ResolveThread($id: ID!) {
  resolveReviewThread(input: {threadId: $id}) { thread { isResolved } }
}
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One comment of a thread. `author` is empty for an account that is gone."""

    id: int
    author: str
    is_bot: bool
    body: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Thread:
    """`line` is that of the diff today, None when the code under it has changed since; `hunk` is as it was then."""

    id: str
    path: str
    side: str  # LEFT (before) or RIGHT
    line: int | None
    start_line: int | None
    original_line: int | None
    hunk: str
    is_resolved: bool
    is_outdated: bool
    comments: tuple[Said, ...]  # oldest first, the first ones


def threads(github: GitHub, repo: str, pull_number: int) -> Iterator[Thread]:
    """All of a pull request, as GitHub lists them, 500 at most."""
    owner, name = place(repo)
    after = None
    for _ in range(_PAGES):
        data = github.graphql(READ_THREADS, owner=owner, name=name, number=pull_number, after=after)
        page = data["repository"]["pullRequest"]["reviewThreads"]
        yield from (_thread(node) for node in page["nodes"] if node["comments"]["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def reply(github: GitHub, repo: str, pull_number: int, comment_id: int, body: str) -> int:
    """Answer in the thread that begins with the comment; the answer's id. Not idempotent: look with `find_reply`."""
    made = github.rest.pulls.create_reply_for_review_comment(
        *place(repo), pull_number, comment_id, body=cut(body, BODY_LIMIT)
    )
    return int(made.json()["id"])


def find_reply(github: GitHub, repo: str, pull_number: int, *, marker: str, author: str) -> int | None:
    """The comment of `author` at a line of the pull request that holds `marker`."""
    first = github.rest.pulls.list_review_comments(*place(repo), pull_number, per_page=100, direction="desc")
    for row in github.items(first):
        if (row.get("user") or {}).get("login") == author and marker in (row.get("body") or ""):
            return int(row["id"])
    return None


def resolve(github: GitHub, thread_id: str) -> None:
    """Idempotent. Of all things it takes `contents: write` (https://github.com/orgs/community/discussions/44650)."""
    github.graphql(RESOLVE_THREAD, id=thread_id)


def _thread(node: Mapping[str, Any]) -> Thread:
    comments = node["comments"]["nodes"]
    return Thread(
        id=node["id"],
        path=node["path"],
        side=node["diffSide"] or "RIGHT",
        line=node["line"],
        start_line=node["startLine"],
        original_line=node["originalLine"],
        hunk=comments[0]["diffHunk"] or "",
        is_resolved=bool(node["isResolved"]),
        is_outdated=bool(node["isOutdated"]),
        comments=tuple(_said(comment) for comment in comments),
    )


def _said(comment: Mapping[str, Any]) -> Said:
    author = comment["author"] or {}
    return Said(
        id=int(comment["databaseId"]),
        author=author.get("login") or "",
        is_bot=author.get("__typename") == "Bot",
        body=comment["body"] or "",
        at=comment["createdAt"],
    )
