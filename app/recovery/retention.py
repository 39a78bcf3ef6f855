"""Letting go: contents and what work left behind after some days, ledgers and their witness after many.

What is still needed is renewed once a day: all that runs at work name, and finished changes that were not published,
which a retry has to find. A part of the clock's rounds, once an hour; what it was killed in goes on an hour later.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from app import log
from app.ports.platform import Clock, Keeping, RunSummary, Store
from app.recovery.contents import MALFORMED, contents
from app.runs.state import fold
from app.runs.state.run_state import UNPUBLISHED

TURN_SECONDS = 3600.0
RENEWED_HOURS = 20.0  # nearly a day: a turn that comes an hour late is no day late
READ_AT_ONCE = 200  # ledgers that one turn reads; a function has a minute
RETIRED_AT_ONCE = 100  # runs that one turn deletes: 2,400 a day
STEADY_HOURS = 24.0  # so long must nothing have happened to the clock before anything is deleted by it
_JUMP_HOURS = 24.0  # between two turns: the clock was put forward, or nothing ran
_BACK_SECONDS = 60.0  # NTP moves it back by less
WATCHED, CLOCK = "retention:watched", "retention:clock"  # cells


class Retention:
    """`turn` may come twice and at any time."""

    def __init__(self, *, store: Store, keeping: Keeping, clock: Clock, days: int, ledger_days: int) -> None:
        self._store = store
        self._keeping = keeping
        self._clock = clock
        self._days = timedelta(days=days)
        self._ledger_days = timedelta(days=ledger_days)

    def turn(self) -> int:
        """Renew what is needed, then delete what is old; returns how much was deleted."""
        now = self._clock.now()
        is_steady = self._is_steady(now)
        at_work = [run.run_id for run in self._store.runs(active=True, limit=None)]
        is_renewed = self._renew(now, at_work)
        if not is_steady or not is_renewed:
            return 0
        gone = self._keeping.expire(now - self._days, at_work=at_work)
        before = now - self._ledger_days
        due = self._keeping.ended_before(before, limit=RETIRED_AT_ONCE)
        retired = [run_id for run_id in due if self._is_over(run_id, before)]
        for run_id in retired:
            self._keeping.retire(run_id)
        if gone or retired:
            log.event("retention.turn", deleted=gone, retired=len(retired))
        return gone + len(retired)

    def _is_steady(self, now: datetime) -> bool:
        """A clock that jumped ages everything at once. Standing still for a day counts as a jump."""
        text = self._store.cell(CLOCK)
        seen, since = [datetime.fromisoformat(word) for word in text.split()] or [now, now]
        if not timedelta(seconds=-_BACK_SECONDS) <= now - seen <= timedelta(hours=_JUMP_HOURS):
            log.event("retention.clock_jumped", level=log.WARNING, seen=seen.isoformat())
            since = now
        since = min(since, now)
        self._store.swap_cell(CLOCK, text, f"{now.isoformat()} {since.isoformat()}")
        return now - since >= timedelta(hours=STEADY_HOURS)

    def _renew(self, now: datetime, at_work: list[str]) -> bool:
        """Whether everything that is needed has been renewed within a day; a turn renews no more than it can read."""
        text = self._store.cell(WATCHED)
        kept = json.loads(text or "{}")
        since, runs = kept.get("since", ""), dict[str, str](kept.get("runs", {}))
        for run_id in (*at_work, *(run.run_id for run in self._since(since) if _may_be_kept(run))):
            runs.setdefault(run_id, "")
        limit = (now - timedelta(hours=RENEWED_HOURS)).isoformat()
        due = sorted(
            (run_id for run_id, at in runs.items() if not limit <= at <= now.isoformat()), key=runs.__getitem__
        )
        for run_id in due[:READ_AT_ONCE]:
            if self._renew_run(run_id):
                runs[run_id] = now.isoformat()
            else:
                del runs[run_id]
        self._store.swap_cell(WATCHED, text, json.dumps({"since": now.isoformat(), "runs": runs}))
        return len(due) <= READ_AT_ONCE

    def _since(self, since: str) -> list[RunSummary]:
        """Ended runs that began since the last turn; whatever was active then is watched already."""
        began = (datetime.fromisoformat(since) - timedelta(hours=1)).isoformat() if since else ""
        limit: int | None = READ_AT_ONCE if since else None
        while True:
            found = self._store.runs(active=False, limit=limit)
            if limit is None or len(found) < limit or found[-1].created_at < began:
                return [run for run in found if run.created_at >= began]
            limit *= 8

    def _renew_run(self, run_id: str) -> bool:
        """False when nothing of it is needed any more."""
        events = self._store.events(run_id)
        state = fold(run_id, events)
        if not events or not (state.is_active or state.is_kept):
            return False
        named: dict[str, None] = {}
        for event in events:
            try:
                named |= dict.fromkeys(contents(event, self._store.get_blob))
            except MALFORMED:
                continue  # a worker's word that nobody can read names nothing
        self._keeping.renew(list(named))
        return True

    def _is_over(self, run_id: str, before: datetime) -> bool:
        """By the ledger itself: a run's row is its worker's word."""
        if self._store.summary(run_id) is None:
            return True  # its retirement was interrupted
        events = self._store.events(run_id)
        state, is_old = fold(run_id, events), all(event.at < before.isoformat() for event in events)
        return is_old and not state.is_active and not state.landing.is_watched(self._clock.now())


def _may_be_kept(run: RunSummary) -> bool:
    """Whether its finished change waits for a retry; an older version's row does not say."""
    return run.reason in UNPUBLISHED if run.kept is None else run.kept
