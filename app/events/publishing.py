"""What was meant to be on GitHub and what is; how far setting up an installation has come. Pure."""

from __future__ import annotations

from typing import Any

from app.events.parts import Blob
from app.events.record import Record


class _Effect(Record):
    key: str  # which thing of the run on GitHub it is


class PublishIntended(_Effect, kind="publish.intended"):
    digest: str


class PublishWithdrawn(_Effect, kind="publish.withdrawn"):
    """A limit refused it, so what was intended was not made."""


class PublishDone(_Effect, kind="publish.done"):
    digest: str
    result: dict[str, Any]  # as its kind of publication needs it: id, number, sha, url …


class PublishFailed(_Effect, kind="publish.failed"):
    digest: str
    error: str


class PublishDelayed(_Effect, kind="publish.delayed"):
    """GitHub refused it, and it is tried again."""

    digest: str
    error: str
    until: str
    maybe_done: bool


class PublishSettled(Record, kind="publish.settled"):
    """GitHub shows every event up to this one."""

    through: int


class PublishAbandoned(Record, kind="publish.abandoned"):
    """The repository is out of reach, so nothing up to here will be shown."""

    through: int
    reason: str


class OnboardingAsked(Record, kind="onboarding.asked", is_news=True):
    """For repositories by id; none: all of the installation."""

    by: str = ""
    repositories: list[int]
    delivery: str = ""


class OnboardingListed(Record, kind="onboarding.listed"):
    repositories: Blob
    count: int
    skipped: dict[str, int]
    asks: int  # how many are listed to their end
    page: int  # of GitHub's list, the next


class OnboardingBegan(Record, kind="onboarding.began"):
    """These repositories may be written to until `onboarding.progressed`."""

    ids: list[int]


class OnboardingProgressed(Record, kind="onboarding.progressed"):
    listing: int
    cursor: int
    ids: list[int]
    maybe: list[int]
    issues: int
    trouble: dict[str, str]
