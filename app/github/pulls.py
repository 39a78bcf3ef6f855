"""Pull requests: find, create, change, hand over to reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from githubkit.utils import UNSET

from app.github.client import PAGE_SIZE, GitHub, place
from app.github.errors import Invalid
from app.github.records import BODY_LIMIT, TITLE_LIMIT, cut, number, part, text, time

_MOST_OPEN = 300  # open pull requests that are looked through for a commit, the newest changes first

MARK_READY = """
mutation MarkReady($id: ID!) {
  markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } }
}
"""


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    number: int
    node_id: str
    title: str
    body: str
    author: str
    draft: bool
    is_open: bool
    merged: bool
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    from_fork: bool
    labels: tuple[str, ...]
    updated_at: datetime
    url: str
    mergeable_state: str = ""  # GitHub's word, of one that was asked for by its number: `dirty` when it conflicts


def pull(github: GitHub, repo: str, pull_number: int) -> PullRequest:
    """Raises NotFound."""
    return _pull(github.rest.pulls.get(*place(repo), pull_number).json())


def find_pull(github: GitHub, repo: str, *, head: str, base: str | None = None) -> PullRequest | None:
    """The newest pull request from the branch `head` of this repository, open or not."""
    owner, name = place(repo)
    first = github.rest.pulls.list(
        owner, name, head=f"{owner}:{head}", state="all", base=base or UNSET, per_page=PAGE_SIZE
    )
    for row in github.items(first):
        found = _pull(row)
        if found.head_ref == head and not found.from_fork:  # an unknown `head` filter is ignored by some servers
            return found
    return None


def open_pulls(github: GitHub, repo: str, *, head_prefix: str) -> list[PullRequest]:
    """Open pull requests from branches of this repository that begin with `head_prefix`."""
    first = github.rest.pulls.list(*place(repo), state="open", per_page=PAGE_SIZE)
    found = [_pull(row) for row in github.items(first)]
    return [pull for pull in found if pull.head_ref.startswith(head_prefix) and not pull.from_fork]


def of_head(github: GitHub, repo: str, sha: str) -> list[PullRequest]:
    """Open pull requests whose head is this commit, those from forks too.

    `GET /commits/{sha}/pulls` knows nothing of a commit that only a fork has, and checks name no pull request of one.
    """
    first = github.rest.pulls.list(*place(repo), state="open", sort="updated", direction="desc", per_page=PAGE_SIZE)
    found = (_pull(row) for row in github.items(first, limit=_MOST_OPEN))
    return [pull for pull in found if pull.head_sha == sha]


def line_of(github: GitHub, repo: str, pull_number: int) -> list[str]:
    """The commits that a pull request adds, the newest first; GitHub lists 250 at most, and of more the oldest."""
    first = github.rest.pulls.list_commits(*place(repo), pull_number, per_page=PAGE_SIZE)
    return [text(row, "sha") for row in github.items(first)][::-1]


def changed_paths(github: GitHub, repo: str, pull_number: int) -> list[str]:
    """The files that a pull request changes, by their names of today and of before; GitHub lists 3,000 at most."""
    first = github.rest.pulls.list_files(*place(repo), pull_number, per_page=PAGE_SIZE)
    found = [(text(row, "filename"), text(row, "previous_filename")) for row in github.items(first)]
    return [path for names in found for path in names if path]


def create_draft(github: GitHub, repo: str, *, title: str, body: str, head: str, base: str) -> PullRequest:
    """Not idempotent: search with `find_pull` before repeating it (GitHub refuses a second open one with Invalid).

    A repository without drafts (private, on a free plan) gets an ordinary pull request: look at `draft`.
    """

    def create(*, draft: bool) -> PullRequest:
        made = github.rest.pulls.create(
            *place(repo),
            title=cut(title, TITLE_LIMIT),
            body=cut(body, BODY_LIMIT),
            head=head,
            base=base,
            draft=draft or UNSET,
            maintainer_can_modify=False if draft else UNSET,
        )
        return _pull(made.json())

    try:
        return create(draft=True)
    except Invalid as error:
        if not error.says("draft pull requests are not supported"):
            raise
        return create(draft=False)


def update_pull(
    github: GitHub,
    repo: str,
    pull_number: int,
    *,
    title: str | None = None,
    body: str | None = None,
    base: str | None = None,
    is_open: bool | None = None,
) -> PullRequest:
    """Change what is given, leave the rest. Idempotent."""
    changed = github.rest.pulls.update(
        *place(repo),
        pull_number,
        title=cut(title, TITLE_LIMIT) if title is not None else UNSET,
        body=cut(body, BODY_LIMIT) if body is not None else UNSET,
        base=base or UNSET,
        state=UNSET if is_open is None else "open" if is_open else "closed",
    )
    return _pull(changed.json())


def mark_ready(github: GitHub, node_id: str) -> None:
    """Turn a draft into a pull request ready for review. Only GraphQL can; idempotent."""
    github.graphql(MARK_READY, id=node_id)


def request_reviewers(
    github: GitHub, repo: str, pull_number: int, *, logins: Sequence[str] = (), teams: Sequence[str] = ()
) -> list[str]:
    """Ask people and teams (slugs) for a review; returns whom GitHub took. Idempotent.

    GitHub refuses the whole list for one account without access, so a refused list is asked for one by one.
    """
    if not logins and not teams:
        return []
    request, where = github.rest.pulls.request_reviewers, (*place(repo), pull_number)
    try:
        request(*where, reviewers=list(logins), team_reviewers=list(teams))
        return [*logins, *teams]
    except Invalid:
        pass
    taken = []
    for name in (*logins, *teams):
        try:
            request(*where, reviewers=[name]) if name in logins else request(*where, team_reviewers=[name])
        except Invalid:
            continue
        taken.append(name)
    return taken


def _pull(data: Any) -> PullRequest:
    head, base = part(data, "head"), part(data, "base")
    return PullRequest(
        number=number(data, "number"),
        node_id=text(data, "node_id"),
        title=text(data, "title"),
        body=text(data, "body"),
        author=text(part(data, "user"), "login"),
        draft=bool(data.get("draft")),
        is_open=data.get("state") == "open",
        merged=bool(data.get("merged") or data.get("merged_at")),
        head_ref=text(head, "ref"),
        head_sha=text(head, "sha"),
        base_ref=text(base, "ref"),
        base_sha=text(base, "sha"),
        from_fork=part(head, "repo").get("id") != part(base, "repo").get("id"),
        labels=tuple(text(row, "name") for row in data.get("labels") or []),
        updated_at=time(data, "updated_at"),
        url=text(data, "html_url"),
        mergeable_state=text(data, "mergeable_state"),
    )
