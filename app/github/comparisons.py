"""What lies between two commits: the commits themselves, and the lines that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.github.client import GitHub, place, quoted
from app.github.errors import NotFound
from app.github.records import part, text

Direction = Literal["identical", "ahead", "behind", "diverged"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`head` as seen from `base`. GitHub lists 250 commits a page and 300 files at most."""

    direction: Direction
    commits: tuple[Mapping[str, Any], ...]  # as GitHub lists them, oldest first
    files: tuple[Mapping[str, Any], ...]

    @property
    def is_forward(self) -> bool:
        """Whether `base` is part of `head`: nothing was thrown away on the way."""
        return self.direction in {"identical", "ahead"}


def compare(github: GitHub, repo: str, base: str, head: str) -> Comparison | None:
    """None when they have no commit in common or one of them is gone. One request."""
    try:
        found: Any = github.optional.rest.repos.compare_commits(
            *place(repo), f"{quoted(base)}...{quoted(head)}", per_page=100
        ).json()
    except NotFound:
        return None
    return Comparison(
        direction=found.get("status", "diverged"),
        commits=tuple(found.get("commits") or ()),
        files=tuple(found.get("files") or ()),
    )


def message_of(commit: Mapping[str, Any]) -> str:
    """What a commit says of itself."""
    return text(part(commit, "commit"), "message")
