"""What became of the pull request that a run opened: the fold of the `outcome.*` events. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any

from app.events.outcomes import PullEnded, PullFollowed, PullReopened, WatchEnded
from app.events.record import Record

WATCHED = timedelta(days=30)  # after a merge: so long a revert or a fix of the same lines counts


@dataclass(kw_only=True)
class Landing:
    """`ended` None: it is open, as far as anybody has noticed."""

    ended: PullEnded | None = None
    followed: PullFollowed | None = None
    is_settled: bool = False

    def is_watched(self, now: datetime) -> bool:
        """Whether somebody still looks what becomes of what was merged."""
        if self.ended is None or not self.ended.merged or self.followed or self.is_settled:
            return False
        return now < datetime.fromisoformat(self.ended.at) + 2 * WATCHED  # late rather than never: the clock may stand

    def row(self) -> dict[str, Any] | None:
        """The same in the run's row; None while it is open."""
        if self.ended is None:
            return None
        after = self.followed.how if self.followed else "stood" if self.is_settled else ""
        ended = self.ended
        return {
            "pull": ended.number,
            "merged": ended.merged,
            "hours": round(ended.open_seconds / 3600, 2),
            "human_commits": ended.human_commits,
            "human_lines": ended.human_lines,
            "rounds": ended.rounds,
            "after": after,
        }


@singledispatch
def fold(said: Record, state: Landing) -> None:
    """Everything else says nothing of it."""


@fold.register
def _ended(said: PullEnded, state: Landing) -> None:
    state.ended = said


@fold.register
def _reopened(said: PullReopened, state: Landing) -> None:
    state.ended = None


@fold.register
def _followed(said: PullFollowed, state: Landing) -> None:
    state.followed = said


@fold.register
def _settled(said: WatchEnded, state: Landing) -> None:
    state.is_settled = True
