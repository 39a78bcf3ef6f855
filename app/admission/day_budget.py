"""What a repository may spend in a day (UTC), and what its runs at work hold of that: the arithmetic.

Pure: no IO, no clock. A run holds what it may still cost from the moment it is let in; what it has cost is in its
summary, by day. So nobody has to settle anything: a hold counts only while its run is at work, and shrinks as the run
spends. Docs: docs/decisions/0021.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_SLACK_USD = 1e-6  # summaries are rounded to a millionth


class Hold(NamedTuple):
    """What a run was promised: it may cost `cap_usd` in all. `seq` is the end of its ledger when that was promised."""

    seq: int
    cap_usd: float


def holds_of(text: str) -> dict[str, Hold]:
    """Holds by run, from the text the store keeps; none from an empty one."""
    return {run_id: Hold(int(seq), float(cap)) for run_id, (seq, cap) in json.loads(text or "{}").items()}


def text_of(holds: Mapping[str, Hold]) -> str:
    return json.dumps(holds, sort_keys=True, separators=(",", ":"))


def is_live(hold: Hold, *, phase: str, seq: int) -> bool:
    """Whether the run of `phase`, whose ledger ends at `seq`, may spend what it was promised.

    A run that is about to be let in is so only at the place where the promise was made: its ledger takes the
    admission nowhere else. Past that place a run that is not at work has parked, ended or was not let in.
    """
    return phase == "working" or (phase != "ended" and seq == hold.seq)


@dataclass(frozen=True, kw_only=True)
class DayBudget:
    """How a repository's day stands, in US dollars. `held_usd` is what other runs at work may still cost."""

    day_usd: float
    spent_usd: float
    held_usd: float

    def grant_usd(self, wanted_usd: float) -> float | None:
        """What a run that wants `wanted_usd` gets: all of it, or nothing (None).

        Less than it wants would mostly pay for unfinished work. Only where a day is smaller than a run, a day is all
        that a run can get.
        """
        least = min(wanted_usd, self.day_usd)
        return least if not least or self.left_usd >= least - _SLACK_USD else None

    def may_grant_later(self, wanted_usd: float) -> bool:
        """Whether it would be granted today if the runs at work cost nothing more."""
        return not wanted_usd or self.day_usd - self.spent_usd >= min(wanted_usd, self.day_usd) - _SLACK_USD

    @property
    def left_usd(self) -> float:
        return self.day_usd - self.spent_usd - self.held_usd


def day_of(now: datetime) -> str:
    """The day (UTC) on which something is charged, as 2026-03-02."""
    return now.astimezone(UTC).date().isoformat()


def next_day(now: datetime) -> datetime:
    """The midnight (UTC) at which the next day's budget begins."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
