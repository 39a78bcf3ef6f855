"""Letting a run spend: the one way from waiting to work, whoever it is that lets it (dispatch, an answer, the clock).

In this order: money out of the repository's day, GitHub's word that it is still wanted, the event, the worker. A death
in between costs a repetition: a promise of money holds only for the event that was meant to follow, and a worker is
asked for again by whoever finds the run without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from app import log
from app.admission import revalidation
from app.admission.admit import day_is_held, day_is_spent
from app.admission.day_budget import DayBudget, next_day
from app.admission.reservation import reserve, wanted_usd
from app.admission.take_in import TakeIn
from app.checkpoints import replies
from app.errors import TransientError
from app.events.deciding import MaySpend
from app.events.waits import WaitForAnswer, WaitForBudget
from app.events.working import RunEnded, RunParked
from app.github.access import Access
from app.jobs.job import label_put_on
from app.ports.platform import Clock, Launcher, Store
from app.runs.parking import wait_for_room
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import Phase, RunState

# What GitHub said so short a time ago still counts for a run that was only interrupted: a platform without room sends
# the same run back every minute, and each asking is half a dozen requests.
_FRESH_SECONDS = 300.0
_HELD_SECONDS = 300.0  # until the next look whether runs at work have left something of the day's budget
_TRIES = 20  # each lost to somebody who wrote into the run's ledger meanwhile


class RunLauncher:
    """`access` is None in a process that has no way to GitHub: what has to be asked there is left to another."""

    def __init__(
        self,
        *,
        store: Store,
        launcher: Launcher,
        clock: Clock,
        access: Access | None,
        bot_login: str,
    ) -> None:
        self._store = store
        self._launcher = launcher
        self._clock = clock
        self._access = access
        self._bot_login = bot_login
        self._take_in = TakeIn(store, bot_login)

    def launch(
        self, ledger: RunLedger, kind: type[MaySpend], reason: str, *, phases: Sequence[Phase], fresh: bool = False
    ) -> bool:
        """Append a `kind` to a run in one of `phases` and start its worker; whether.

        Otherwise the run has ended or waits, and its ledger says why. `fresh`: GitHub was asked just now. Raises
        TransientError when GitHub is away: nothing has happened then.
        """
        if not ledger.state.created.thread.installation_id:  # a local run: its owner sits before it
            return self._append(ledger, kind(reason=reason), phases) and self.start(ledger)
        for _ in range(_TRIES):
            if ledger.state.phase not in phases:
                return False
            if self._access and self._take_in.is_due(ledger.state):  # which costs nothing, so it comes before money
                if not (fresh or self._is_wanted(ledger)) or not self._take_in.read(ledger, self._access):
                    return False
                fresh = True
                continue
            money = reserve(self._store, ledger.state, self._clock.now())
            if isinstance(money, DayBudget):
                self._wait(ledger, money)
                return False
            if not fresh and not self._is_wanted(ledger):
                return False
            fresh = True
            if self._append(ledger, kind(reason=reason, cap_usd=money.cap_usd), phases, seq=money.seq):
                return self.start(ledger)
        raise TransientError("the run's ledger is written to all the time", retry_after_seconds=5)

    def start(self, ledger: RunLedger) -> bool:
        """Ask for the worker of a run that may spend; park the run where the platform has no room. True."""
        try:
            self._launcher.start(ledger.run_id, ledger.state.launched)
        except TransientError as error:
            wait_for_room(ledger, f"{str(error).rstrip('.')}.", error.retry_after_seconds)
        return True

    def _append(self, ledger: RunLedger, said: MaySpend, phases: Sequence[Phase], *, seq: int | None = None) -> bool:
        def is_as_it_was(state: RunState) -> bool:
            return state.phase in phases and seq in {None, state.seq}

        return ledger.append_if(is_as_it_was, said) is not None

    def _is_wanted(self, ledger: RunLedger) -> bool:
        """Whether GitHub has nothing against it. Ends the run otherwise."""
        if self._was_asked_lately(ledger):
            return True
        if self._access is None:
            return False
        found = revalidation.ask(self._access, ledger, self._bot_login)
        if found is None:
            return True
        revalidation.stop(ledger, found)
        return False

    def _was_asked_lately(self, ledger: RunLedger) -> bool:
        """An interruption is no wait; a question is one, however quick the answer."""
        if ledger.state.phase != "parked" or isinstance(ledger.state.wait, WaitForAnswer):
            return False
        went_on = [event.time for event in ledger.events if event.kind in {"run.admitted", "run.resumed"}]
        return bool(went_on) and self._clock.now() - went_on[-1] < timedelta(seconds=_FRESH_SECONDS)

    def _wait(self, ledger: RunLedger, day: DayBudget) -> None:
        """The day's budget has nothing for it: begun work waits for money, a new run only where some may come back."""
        seq, wanted, now = ledger.state.seq, wanted_usd(ledger.state), self._clock.now()
        if day.may_grant_later(wanted):
            note, until = day_is_held(day), min(now + timedelta(seconds=_HELD_SECONDS), next_day(now))
        elif ledger.state.attempt:
            note, until = day_is_spent(day, wanted), next_day(now)
        else:
            log.event("budget.refused", run=ledger.run_id, spent_usd=day.spent_usd, day_usd=day.day_usd)
            label = label_put_on(ledger.state.created.trigger)
            reason = replies.refused(day_is_spent(day, wanted), label=label, when="the next day has begun")
            ledger.append_if(lambda state: state.is_active, RunEnded(outcome="refused", reason=reason))
            return
        ledger.append_if(
            lambda state: state.seq == seq, RunParked(wait=WaitForBudget(), note=note, until=until.isoformat())
        )
