"""Runs at work whose worker is lost, asked for all of them at once: a thousand cost as many questions to the store as
one, and as few to the platform as it takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from app.ports.platform import Clock, Held, Launcher, RunSummary, Store
from app.runs.lease import TTL_SECONDS, lease_key

# The platform says so; it lives and says nothing; nobody can tell, and it says nothing.
Loss = Literal["gone", "silent", "unheard"]

HEARD = "heard"  # the cell with when each worker's lease was first seen as it is
_HEARD_SECONDS = 600.0  # how long a run stays in it that nobody looks after any more: ten ticks in the cloud
_MOST_HEARD = 3_000  # runs in it: a cell holds 400 KB
_NEVER_STARTED_SECONDS = 900.0  # a process without a first heartbeat; a large image on Fargate takes minutes to start
_SILENT_SECONDS = 50.0  # a lease that stands still for five heartbeats: the second tick in the cloud that sees it acts
_START_SECONDS = TTL_SECONDS + 30  # how long a started worker may take to its first heartbeat


class LostWorkers:
    """Asks the platform and the workers' leases."""

    def __init__(self, store: Store, launcher: Launcher, clock: Clock) -> None:
        self._store = store
        self._launcher = launcher
        self._clock = clock

    def among(self, runs: Sequence[RunSummary]) -> Mapping[str, Loss]:
        """By run, for those of the runs at work whose worker is lost, how."""
        if not runs:
            return {}
        now = self._clock.now()
        names = [run.run_id for run in runs]
        running = self._launcher.running(names)
        leases = self._store.holders([lease_key(name) for name in names])
        still = self._still_seconds({name: leases[lease_key(name)] for name in names if lease_key(name) in leases}, now)
        lost: dict[str, Loss] = {}
        for run in runs:
            lives, lease = running[run.run_id], leases.get(lease_key(run.run_id))
            if lives is False:
                lost[run.run_id] = "gone"
            elif lives:
                if _is_silent(run, still.get(run.run_id), quiet_seconds(run, now)):
                    lost[run.run_id] = "silent"
            elif not (lease and now.timestamp() < lease.until) and quiet_seconds(run, now) > _START_SECONDS:
                lost[run.run_id] = "unheard"
        return lost

    def _still_seconds(self, leases: Mapping[str, Held], now: datetime) -> dict[str, float]:
        """For how long each lease has been seen as it is. Only this side's clock is asked, because the worker's may be
        minutes away from it. A turn that ran at the same time may have the last word, which costs one turn.
        """
        text = self._store.cell(HEARD)
        before: dict[str, list[float]] = json.loads(text or "{}")
        at = now.timestamp()
        heard = {
            name: [held.until, before[name][1] if name in before and before[name][0] == held.until else at]
            for name, held in leases.items()
        }
        others = {name: told for name, told in before.items() if at - told[1] < _HEARD_SECONDS}  # of who looks as well
        told = others | heard
        longest = sorted(told, key=lambda name: told[name][1])[:_MOST_HEARD]
        kept = json.dumps({name: told[name] for name in longest}, separators=(",", ":"))
        if kept != (text or "{}"):
            self._store.swap_cell(HEARD, text, kept)
        return {name: at - since for name, (_until, since) in heard.items()}


def quiet_seconds(run: RunSummary, now: datetime) -> float:
    """Between now and the run's last event, by whose clock it may be later than now."""
    return abs((now - datetime.fromisoformat(run.updated_at)).total_seconds())


def _is_silent(run: RunSummary, still_seconds: float | None, quiet: float) -> bool:
    """A worker that lives has not moved its lease for too long; one that has not begun has a quarter of an hour. Of an
    older version's run it is not known which attempt was asked for: its lease alone counts.
    """
    has_begun = run.launched == run.attempt
    if still_seconds is None or not (has_begun or run.launched is None):
        return quiet > (TTL_SECONDS if has_begun else _NEVER_STARTED_SECONDS)
    return still_seconds > _SILENT_SECONDS
