"""Noting what becomes of our pull requests: at once when GitHub tells of an end, and once a day for as long as it
matters, which also finds what no delivery told of.

The run that opened a pull request keeps what became of it. Doing it twice finds the first time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from app import log
from app.errors import TransientError, UserError
from app.events.outcomes import PullEnded, PullReopened, WatchEnded
from app.github.access import Access
from app.jobs.job import Job, Thread
from app.outcomes import reading
from app.ports.platform import Clock, RunSummary, Store
from app.runs.run_ledger import RunLedger
from app.runs.state.landing import WATCHED
from app.runs.state.run_state import RunState

TURN_SECONDS = 900.0
LOOKS_AT_ONCE = 20  # of one turn, two requests each: 1,900 pull requests a day
FOUND_AT_ONCE = 500  # newest runs among which a turn finds those that ended since the last
CELL = "outcomes:watched"
MOST_WATCHED = 4000  # a cell holds 400 KB on DynamoDB, a run 60 bytes; no more than half of them are looked at in a day
_LOOK_HOURS = 20.0  # nearly a day
_TRIES = 5  # each lost to a turn, or to another end
_SETTLE_SECONDS = 15.0  # until a read shows what an event told of


class Outcomes:
    """`turn` may come twice and at any time; `closed` as often as a delivery does."""

    def __init__(self, *, store: Store, access: Access, clock: Clock, open_ledger: Callable[[str], RunLedger]) -> None:
        self._store = store
        self._access = access
        self._clock = clock
        self._open = open_ledger

    def closed(self, job: Job) -> None:
        """GitHub says that a pull request was closed. Raises TransientError: it is away, or does not show that yet."""
        run_id = self._store.claimed_by(pull_key(job.thread))
        if run_id is None:
            return
        self._watch(run_id)
        ledger = self._open(run_id)
        if ledger.state.landing.ended is None and not self._note_end(ledger):
            age = (self._clock.now() - job.received_at).total_seconds()
            if age < _SETTLE_SECONDS:
                raise TransientError("GitHub does not show its end yet", retry_after_seconds=_SETTLE_SECONDS - age)

    def _watch(self, run_id: str) -> None:
        """Among those that are looked at, whether the next turn finds its run among the newest or not."""
        for _ in range(_TRIES):
            text = self._store.cell(CELL)
            kept = json.loads(text or "{}")
            runs = dict[str, str](kept.get("runs", {}))
            if run_id in runs or not _has_room(runs, run_id):
                return
            if self._store.swap_cell(CELL, text, json.dumps({**kept, "runs": {**runs, run_id: ""}})):
                return

    def turn(self) -> int:
        """Look at those that are due; how many looks there were."""
        now, text = self._clock.now(), self._store.cell(CELL)
        kept = json.loads(text or "{}")
        runs = dict[str, str](kept.get("runs", {}))
        for run in self._since(kept.get("since", "")):
            if run.run_id in runs or _has_room(runs, run.run_id):
                runs.setdefault(run.run_id, "")
        limit = (now - timedelta(hours=_LOOK_HOURS)).isoformat()
        due = sorted((run_id for run_id, at in runs.items() if at <= limit), key=runs.__getitem__)
        looks = 0
        for run_id in due[:LOOKS_AT_ONCE]:
            looks += 1
            try:
                is_watched = self._look(self._open(run_id))
            except TransientError as error:
                log.event("outcomes.later", level=log.WARNING, run=run_id, reason=str(error))
                break
            except UserError as error:  # its repository is gone, or closed to us: it may come back
                log.event("outcomes.refused", level=log.WARNING, run=run_id, reason=str(error))
                is_watched = now - datetime.fromisoformat(self._open(run_id).state.updated_at) < 3 * WATCHED
            if is_watched:
                runs[run_id] = now.isoformat()
            else:
                del runs[run_id]
        self._store.swap_cell(CELL, text, json.dumps({"since": now.isoformat(), "runs": runs}))
        return looks

    def _since(self, since: str) -> Iterable[RunSummary]:
        """Runs that may have opened a pull request and that ended since the last turn."""
        found = self._store.runs(active=False, limit=FOUND_AT_ONCE)
        return [run for run in found if run.reason == "proposed" and run.landed is None and run.updated_at >= since]

    def _look(self, ledger: RunLedger) -> bool:
        """Whether it is looked at again."""
        state, now = ledger.state, self._clock.now()
        ended = state.landing.ended
        if opened_by(state) is None:
            return state.is_active or state.is_kept  # GitHub has refused it so far
        if ended is None:
            self._note_end(ledger)
            return True
        if not ended.merged:
            return self._may_be_reopened(ledger, ended, now)
        if state.landing.followed or state.landing.is_settled:
            return False
        with self._access.asking(state.created.thread) as github:
            found = reading.followed(github, state.created.thread.repository, ended)
        if found:
            ledger.append_if(lambda state: state.landing.followed is None, found)
            log.event("outcomes.followed", run=ledger.run_id, how=found.how)
            return False
        if now - datetime.fromisoformat(ended.at) < WATCHED:
            return True
        ledger.append_if(lambda state: not state.landing.is_settled, WatchEnded())
        return False

    def _note_end(self, ledger: RunLedger) -> bool:
        state = ledger.state
        pull, thread = opened_by(state), state.created.thread
        if pull is None:
            return False
        with self._access.asking(thread) as github:
            ended = reading.end_of(github, thread.repository, pull)
        if ended:
            ledger.append_if(lambda state: state.landing.ended is None, ended)
            log.event("outcomes.ended", run=ledger.run_id, merged=ended.merged)
        return ended is not None

    def _may_be_reopened(self, ledger: RunLedger, ended: PullEnded, now: datetime) -> bool:
        thread = ledger.state.created.thread
        with self._access.asking(thread) as github:
            is_open = reading.is_open(github, thread.repository, ended.number)
        if is_open:
            ledger.append_if(lambda state: state.landing.ended is not None, PullReopened())
        return is_open or now - datetime.fromisoformat(ended.at) < WATCHED


def _has_room(runs: Mapping[str, str], run_id: str) -> bool:
    """Whether one more may be watched; what becomes of others is noted at their end alone."""
    if len(runs) < MOST_WATCHED:
        return True
    log.event("outcomes.not_watched", level=log.WARNING, run=run_id)
    return False


def opened_by(state: RunState) -> int | None:
    """The number of the pull request that a run opened; None for one that added to somebody's, or opened none."""
    if state.created.target or not state.pull:
        return None
    return int(state.pull["number"])


def pull_key(thread: Thread) -> str:
    """The claim that says which run opened a pull request."""
    return f"pull:{thread.key}"
