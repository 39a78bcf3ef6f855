"""How far setting up the repositories of an installation has come: the fold of the `onboarding.*` events. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Literal

from app.events.parts import Blob
from app.events.publishing import OnboardingAsked, OnboardingBegan, OnboardingListed, OnboardingProgressed
from app.events.record import Record

Round = Literal["welcome", "labels"]

# Twice over a list: first what a person needs to begin (two labels, one issue), then the labels that the bot itself
# will put on. With ten thousand repositories and GitHub's limits the first round takes days, and the second weeks.
ROUNDS: Sequence[Round] = ("welcome", "labels")


@dataclass(kw_only=True)
class Listing:
    """Repositories as GitHub listed them at one time; `cursor` counts those that are done in this round."""

    repositories: Blob  # rows of [id, "owner/name", default branch]
    count: int
    round: int = 0
    cursor: int = 0

    @property
    def is_done(self) -> bool:
        return self.round >= len(ROUNDS) or not self.count


@dataclass(kw_only=True)
class OnboardingState:
    """What was asked, what was listed, what is done."""

    asks: list[OnboardingAsked] = field(default_factory=list)
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


@singledispatch
def fold(said: Record, state: OnboardingState) -> None:
    """Everything else is no part of setting up an installation."""


@fold.register
def _asked(said: OnboardingAsked, state: OnboardingState) -> None:
    state.asks.append(said)


@fold.register
def _listed(said: OnboardingListed, state: OnboardingState) -> None:
    state.answered, state.page = said.asks, said.page
    state.listings.append(Listing(repositories=said.repositories, count=said.count))
    for reason, count in said.skipped.items():
        state.skipped[reason] = state.skipped.get(reason, 0) + count


@fold.register
def _began(said: OnboardingBegan, state: OnboardingState) -> None:
    state.maybe.update(said.ids)


@fold.register
def _progressed(said: OnboardingProgressed, state: OnboardingState) -> None:
    listing = state.listings[said.listing]
    if ROUNDS[listing.round] == "welcome":
        state.welcomed += said.cursor - listing.cursor
    listing.cursor = said.cursor
    if listing.cursor >= listing.count:
        listing.round, listing.cursor = listing.round + 1, 0
    state.maybe.difference_update(said.ids)
    state.maybe.update(said.maybe)
    state.issues += said.issues
    state.trouble.update(said.trouble)
