"""Reserving a run's money out of its repository's day, so that no two runs are promised the same dollar.

The promises to a repository's runs are one text in the store, replaced only as a whole and only by whoever saw the
last one. What has been spent is read from the runs' summaries in between: a run that was not promised anything when
the text was read has to change the text before it can spend, and one that was can spend no more than its promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.admission.day_budget import DayBudget, Hold, day_of, holds_of, is_live, text_of
from app.errors import TransientError
from app.playbooks import playbook
from app.ports.platform import RunSummary, Store
from app.runs.state.run_state import RunState

_TRIES = 20  # each lost to another run of the repository that was let in at the same moment


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """A promise: the run may cost `cap_usd` in all. It holds only for the event that follows event `seq`."""

    seq: int
    cap_usd: float


def wanted_usd(state: RunState) -> float:
    """What the run may still cost by its own budget; nothing where no model is asked."""
    if not playbook(state.created.playbook).asks_model:
        return 0.0
    return max(0.0, (state.run_usd or state.created.config.budget.run_usd) - state.cost_usd)


def look(store: Store, state: RunState, now: datetime) -> DayBudget:
    """How the day of the run's repository stands, the run's own promise not counted."""
    return _look(store, state, now)[0]


def reserve(store: Store, state: RunState, now: datetime) -> Reserved | DayBudget:
    """Promise the run, whose ledger `state` was folded from, what it wants; the day's budget when that is not there.

    Doing it again replaces the first promise. Nothing has to be given back: see `day_budget.is_live`. Raises
    TransientError when the store is away, or when many others reserve all the time.
    """
    key = _key(state)
    for _ in range(_TRIES):
        day, holds, text = _look(store, state, now)
        granted = day.grant_usd(wanted_usd(state))
        if granted is None:
            return day
        promised = Hold(state.seq, round(state.cost_usd + granted, 6))
        if store.swap_cell(key, text, text_of({**holds, state.run_id: promised})):
            return Reserved(seq=promised.seq, cap_usd=promised.cap_usd)
    raise TransientError("many runs of this repository are let in at the same moment", retry_after_seconds=5)


def _look(store: Store, state: RunState, now: datetime) -> tuple[DayBudget, Mapping[str, Hold], str]:
    """The day, the promises of other runs that still hold, and the text they were read from.

    The text is read first and each run's row once: what a run spends meanwhile moves from its hold to its charges.
    """
    today, repository_id = day_of(now), int(state.created.thread.repository_id)
    text = store.cell(_key(state))
    holds = {run_id: hold for run_id, hold in holds_of(text).items() if run_id != state.run_id}
    runs = {run.run_id: run for run in store.charged_on(repository_id, today)}
    runs |= {run.run_id: run for run in store.summaries(list(holds))}
    live = {name: hold for name, hold in holds.items() if name in runs and _holds(hold, runs[name])}
    day = DayBudget(
        day_usd=state.created.config.budget.day_usd,
        spent_usd=round(sum(run.spent_on(today) for run in runs.values()), 6),
        held_usd=round(sum(max(0.0, hold.cap_usd - runs[name].cost_usd) for name, hold in live.items()), 6),
    )
    return day, live, text


def _holds(hold: Hold, run: RunSummary) -> bool:
    return is_live(hold, phase=run.phase, seq=run.seq)


def _key(state: RunState) -> str:
    return f"promises:{state.created.thread.repository_id}"
