"""How far setting up the repositories of an installation has come: the fold of the `onboarding.*` events. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Round = Literal["welcome", "labels"]

# Twice over a list: first what a person needs to begin (two labels, one issue), then the labels that the bot itself
# will put on. With ten thousand repositories and GitHub's limits the first round takes days, and the second weeks.
ROUNDS: Sequence[Round] = ("welcome", "labels")


@dataclass(kw_only=True)
class Listing:
    """Repositories as GitHub listed them at one time; `cursor` counts those that are done in this round."""

    repositories: Mapping[str, Any]  # blob: rows of [id, "owner/name", default branch]
    count: int
    round: int = 0
    cursor: int = 0

    @property
    def is_done(self) -> bool:
        return self.round >= len(ROUNDS) or not self.count


@dataclass(kw_only=True)
class OnboardingState:
    """What was asked, what was listed, what is done."""

    asks: list[Mapping[str, Any]] = field(default_factory=list)
    answered: int = 0  # asks that are listed to their end
    page: int = 1  # of GitHub's list for the next ask: ten thousand are listed in several visits
    listings: list[Listing] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)  # reason → repositories
    maybe: set[int] = field(default_factory=set)  # repositories that an interrupted visit may have written to
    welcomed: int = 0  # repositories done in the first round
    issues: int = 0  # onboarding issues opened
    trouble: dict[str, str] = field(default_factory=dict)  # repository → why it could not be set up

    @property
    def listing(self) -> int | None:
        """Which listing to work on: of those in the earliest round the newest, so that one new repository does not
        wait for all, and nobody's later labels come before somebody's welcome.
        """
        open_ones = [index for index, listing in enumerate(self.listings) if not listing.is_done]
        return min(open_ones, key=lambda index: (self.listings[index].round, -index), default=None)

    def apply(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "onboarding.asked":
            self.asks.append(data)
        elif kind == "onboarding.listed":
            self.answered, self.page = data["asks"], data["page"]
            self.listings.append(Listing(repositories=data["repositories"], count=data["count"]))
            for reason, count in data["skipped"].items():
                self.skipped[reason] = self.skipped.get(reason, 0) + count
        elif kind == "onboarding.began":
            self.maybe.update(data["ids"])
        elif kind == "onboarding.progressed":
            self._progressed(data)

    def _progressed(self, data: Mapping[str, Any]) -> None:
        listing = self.listings[data["listing"]]
        if ROUNDS[listing.round] == "welcome":
            self.welcomed += data["cursor"] - listing.cursor
        listing.cursor = data["cursor"]
        if listing.cursor >= listing.count:
            listing.round, listing.cursor = listing.round + 1, 0
        self.maybe.difference_update(data["ids"])
        self.maybe.update(data["maybe"])
        self.issues += data["issues"]
        self.trouble.update(data["trouble"])
