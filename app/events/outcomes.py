"""What became of a pull request of ours: its kinds of event, for the metrics to come. Pure.

They stand in the ledger of the run that opened it, after its end, and change nothing of what GitHub shows.
"""

from __future__ import annotations

from typing import Literal

from app.events.parts import Count, Part
from app.events.record import Record

Afterwards = Literal["reverted", "changed again"]


class Touched(Part):
    """Lines of a file, numbered as they were right after the merge: pairs of first and last."""

    path: str
    lines: list[tuple[int, int]]


class PullEnded(Record, kind="outcome.ended"):
    """It was merged or closed. Counts go as far as `is_whole` says: GitHub was asked a bounded number of times."""

    number: int
    merged: bool
    at: str
    by: str = ""
    open_seconds: float = 0.0
    base_ref: str = ""
    merge_sha: str = ""
    human_commits: Count = 0  # people's on its branch, merges of the base left out
    human_lines: Count = 0  # added and deleted by them
    rounds: Count = 0  # reviews by people that asked for changes
    ours: list[str] = []  # the commits of the pull request, by which a revert names it
    touched: list[Touched] = []
    is_whole: bool = True


class PullReopened(Record, kind="outcome.reopened"):
    """It was closed, and is open again."""


class PullFollowed(Record, kind="outcome.followed"):
    """After the merge it was reverted, or lines of it were changed."""

    how: Afterwards
    sha: str = ""  # the commit that did, where it is known
    at: str = ""


class WatchEnded(Record, kind="outcome.settled"):
    """The days in which it was watched after its merge are over: nobody reverted it or changed its lines."""
