"""What an installation covers: open issues with a label and who labelled them, an App's open pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.github.client import PAGE_SIZE, GitHub, place
from app.github.records import number, part, text, time

MOST = 1_000  # GitHub shows no more of a search


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """When a label was put on for the last time, and by whom: `actor` is the account as GitHub shows it."""

    event_id: int
    at: datetime
    actor: Mapping[str, Any]


def issues_with(github: GitHub, account: str, label: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(repository's full name, issue as GitHub shows it), at most `MOST`, in GitHub's order. Thirty pages a minute."""
    wanted = f'label:"{label}" is:issue is:open archived:false user:{account}'
    first = github.rest.search.issues_and_pull_requests(q=wanted, sort="updated", per_page=PAGE_SIZE)
    for row in github.items(first, key="items", limit=MOST):
        owner, name = text(row, "repository_url").split("/")[-2:]
        yield f"{owner}/{name}", row


def pulls_by(github: GitHub, account: str, slug: str) -> Iterator[tuple[str, int]]:
    """(repository's full name, number) of the open pull requests that an App has opened, the last changed first."""
    wanted = f"is:pr is:open archived:false author:app/{slug} user:{account}"
    first = github.rest.search.issues_and_pull_requests(q=wanted, sort="updated", per_page=PAGE_SIZE)
    for row in github.items(first, key="items", limit=MOST):
        owner, name = text(row, "repository_url").split("/")[-2:]
        yield f"{owner}/{name}", number(row, "number")


def last_labelled(github: GitHub, repo: str, issue: int, label: str) -> Labelled | None:
    """None when GitHub does not know: the label came with the issue's transfer, say."""
    found = None
    first = github.rest.issues.list_events(*place(repo), issue, per_page=PAGE_SIZE)
    for row in github.items(first):
        if row.get("event") == "labeled" and text(part(row, "label"), "name").lower() == label.lower():
            found = Labelled(event_id=number(row, "id"), at=time(row, "created_at"), actor=part(row, "actor"))
    return found
