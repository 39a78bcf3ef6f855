"""Commit statuses: what services outside of GitHub say of a commit, a name, a sentence and a link each."""

from __future__ import annotations

from dataclasses import dataclass

from app.github.client import PAGE_SIZE, GitHub, place, quoted
from app.github.errors import Forbidden
from app.github.records import text

_MOST = 200  # names of one commit that are looked at


@dataclass(frozen=True, kw_only=True)
class Status:
    """`state` is error, failure, pending or success; `link` may be empty."""

    context: str
    state: str
    description: str
    link: str


def combined(github: GitHub, repo: str, ref: str) -> list[Status]:
    """The newest status of each name on a commit; none where the App may not read them."""
    try:
        first = github.rest.repos.get_combined_status_for_ref(*place(repo), quoted(ref), per_page=PAGE_SIZE)
        return [
            Status(
                context=text(row, "context"),
                state=text(row, "state"),
                description=text(row, "description"),
                link=text(row, "target_url"),
            )
            for row in github.items(first, key="statuses", limit=_MOST)
        ]
    except Forbidden:
        return []
