"""The clock's turn: lost runs, runs whose time has come, waiting runs that now have room, news nobody published.

Everything here could happen twice and is written so that it may. Another part asks GitHub for deliveries that never
arrived, which also lets a machine without a public address receive them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app import log
from app.admission.run_launcher import RunLauncher
from app.checkpoints.endings import stopped
from app.conversation.reminders import attend
from app.errors import LamplighterError, TransientError
from app.events.deciding import MaySpend, RunAdmitted, RunResumed
from app.events.parts import Outcome
from app.events.waits import WaitForAnswer, WaitForQuiet
from app.events.working import RunEnded
from app.github.errors import Refused
from app.log import Redactor
from app.playbooks import playbook
from app.ports.platform import Clock, Launcher, Queue, RunSummary, Store
from app.publication.broken_runs import end_faulty
from app.recovery.lost_workers import Loss, LostWorkers, quiet_seconds
from app.runs.each_run import each_run
from app.runs.lease import attempt_of, lease_key
from app.runs.parking import wait_for_room
from app.runs.read_model import is_over
from app.runs.run_ledger import RunLedger, announce
from app.runs.state.run_state import Phase

MAX_ATTEMPTS = 3  # attempts in a row that may die without a word before the run ends visibly
_ANNOUNCE_AGAIN_SECONDS = 30.0
_NEWS_AT_ONCE = 200  # announcements of one minute: after a long outage there may be thousands


class Scheduler:
    """One `tick` a minute in the cloud, one a second on one machine."""

    def __init__(
        self,
        *,
        store: Store,
        publishing: Queue,
        launcher: Launcher,
        run_launcher: RunLauncher,
        clock: Clock,
        redactor: Redactor,
        concurrency: int,
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._launcher = launcher
        self._lost_workers = LostWorkers(store, launcher, clock)
        self._run_launcher = run_launcher
        self._clock = clock
        self._redactor = redactor
        self._concurrency = concurrency
        self._ask_from: dict[int, datetime] = {}  # by installation: GitHub was away, and nothing goes on before that

    def tick(self) -> int:
        """Look at every run that is due; returns how many were moved on. However many there are, the store and the
        platform are asked as often, by the hundred where that is the most of one call.
        """
        due = self._store.due(self._clock.now())
        active = [run for run in due if run.phase != "ended"]
        lost = self._lost_workers.among([run for run in active if run.phase == "working"])
        begun = [run for run in active if run.phase != "queued"]
        acted = each_run(begun, lambda run: self._look_after(run, lost.get(run.run_id)))
        acted += self._let_in([run for run in active if run.phase == "queued"])
        news = [run for run in due if run.phase == "ended"]
        each_run([*active, *_in_turn(news, self._clock.now())], self._announce_again)
        return acted

    def worker_ended(self, run_id: str, attempt: int, *, no_room: bool = False) -> bool:
        """The platform says that this attempt's worker is gone: do at once what a tick would do about it.

        `no_room`: it never started, because the platform had no place for it, which is not the run's fault. Nothing
        happens for a run that ended or went on with a newer attempt, so this may be said twice and late.
        """
        run, ledger = self._store.summary(run_id), self._open(run_id)
        if run is None or not ledger.state.is_active:  # by the ledger: the worker writes the run's row
            return False
        if ledger.state.launched != attempt or not self._free(ledger):
            return False
        if ledger.state.phase != "working":
            return self._look_after(run)
        return (
            self._without_room(ledger, "The platform had no room for the worker.", 60)
            if no_room
            else self._recover(run)
        )

    def _look_after(self, run: RunSummary, loss: Loss | None = None) -> bool:
        if run.phase == "parked":
            return self._is_due(run) and self._wake(run)
        if run.phase == "queued":
            return self._has_room() and self._admit(run)
        if loss == "silent":
            self._dismiss(run)
        return loss is not None and (loss == "unheard" or self._free(self._open(run.run_id))) and self._recover(run)

    def _wake(self, run: RunSummary) -> bool:
        """The time has come for which a parked run has waited."""
        if run.reason == WaitForAnswer().kind:
            return self._unanswered(run)
        if run.reason == WaitForQuiet().kind:
            return self._is_its_turn(run) and self._go_on(
                self._open(run.run_id), RunAdmitted, "nothing more has come", "parked"
            )
        return self._launch(run, "its time has come")

    def _is_its_turn(self, run: RunSummary) -> bool:
        """One run of a thread at a time, in the order in which they were asked for."""
        others = self._store.runs(active=True, thread_key=run.thread_key)
        return self._has_room() and not any(other.created_at < run.created_at for other in others)

    def _let_in(self, queued: Sequence[RunSummary]) -> int:
        """As many as there is room for."""
        acted = 0
        has_room = bool(queued) and self._has_room()
        for run in queued:
            if has_room and each_run([run], self._admit):
                acted += 1
                has_room = self._has_room()
        return acted

    def _unanswered(self, run: RunSummary) -> bool:
        """A question has been open for as long as the repository waits before it reminds, or ends the run."""
        ledger = self._open(run.run_id)
        if end_faulty(ledger):
            return True
        if ledger.state.phase == "parked" and ledger.state.open_question is None:
            return self._launch(run, "answered")
        return attend(ledger)

    def _has_room(self) -> bool:
        return self._store.count("working") < self._concurrency

    def _is_due(self, run: RunSummary) -> bool:
        return is_over(run.park_until, self._clock.now())

    def _dismiss(self, run: RunSummary) -> None:
        """Its process lives and says nothing: it hangs, or its way to the store is cut. Another one takes over, and
        the old one is superseded should it wake.
        """
        log.event("schedule.worker_silent", level=log.WARNING, run=run.run_id, attempt=run.attempt)
        try:
            self._launcher.stop(run.run_id)
        except LamplighterError as error:  # should it ever write again, it is told that it was superseded
            log.event("schedule.not_stopped", level=log.WARNING, error=error, run=run.run_id)

    def _free(self, ledger: RunLedger) -> bool:
        """The newest attempt's worker is dead: take its lease away, so that the next one need not wait for its end.

        False when the worker of another attempt holds it, who lives: the newest was started while that one was taken
        for dead, and left. By the ledger's word for who held it, too: a lease that has run out by this machine's clock
        may still hold by that of the next worker.
        """
        run_id, attempt = ledger.run_id, ledger.state.launched
        owner = self._store.claimed_by(lease_key(run_id))
        if owner and attempt_of(owner) != attempt:
            return False
        told = [str(event.data["worker"]) for event in ledger.events if event.kind == "attempt.started"]
        for name in {owner or "", *(name for name in told if attempt_of(name) == attempt)} - {""}:
            self._store.release(lease_key(run_id), name)
        return True

    def _recover(self, run: RunSummary) -> bool:
        ledger = self._open(run.run_id)
        if end_faulty(ledger):
            return True
        if ledger.state.cancel:
            return self._end(ledger, "cancelled", *stopped(ledger.state.cancel))
        if _lost_attempts(ledger) >= MAX_ATTEMPTS:
            log.event("schedule.run_given_up", level=log.WARNING, run=run.run_id, attempt=run.attempt)
            return self._end(
                ledger,
                "failed",
                f"The worker died {MAX_ATTEMPTS} times in a row without a word, so I stopped trying.",
                "Look at the worker's log, then retry.",
            )
        log.event("schedule.run_lost", run=run.run_id, attempt=run.attempt)
        return self._launch(run, "the worker was lost")

    def _end(self, ledger: RunLedger, outcome: Outcome, reason: str, next_step: str) -> bool:
        ledger.append_if(lambda state: state.is_active, RunEnded(outcome=outcome, reason=reason, next_step=next_step))
        return True

    def _admit(self, run: RunSummary) -> bool:
        ledger = self._open(run.run_id)
        return self._go_on(ledger, RunAdmitted, "there is room now", "queued")

    def _launch(self, run: RunSummary, reason: str) -> bool:
        ledger = self._open(run.run_id)
        if playbook(ledger.state.created.playbook).worked_by == "publisher":  # which makes the next visit
            ledger.announce()
            return False
        if ledger.state.phase == "parked":
            return self._go_on(ledger, RunResumed, reason, "parked")
        # A worker was lost in the middle of its work: the run has its money still, and nobody has to be asked.
        if ledger.append_if(lambda state: state.phase == "working", RunResumed(reason=reason)) is None:
            return False
        return self._run_launcher.start(ledger)

    def _go_on(self, ledger: RunLedger, kind: type[MaySpend], reason: str, phase: Phase) -> bool:
        if end_faulty(ledger):
            return True
        installation = int(ledger.state.created.thread.installation_id)
        now = self._clock.now()
        if now < self._ask_from.get(installation, now):
            return False
        try:
            return self._run_launcher.launch(ledger, kind, reason, phases=[phase])
        except TransientError as error:
            log.event("schedule.not_asked", level=log.WARNING, run=ledger.run_id, reason=str(error))
            self._ask_from[installation] = now + timedelta(seconds=error.retry_after_seconds)
        except Refused as error:  # of this run only
            log.event("schedule.refused", level=log.WARNING, run=ledger.run_id, reason=str(error))
        return False

    def _without_room(self, ledger: RunLedger, note: str, seconds: float) -> bool:
        wait_for_room(ledger, note, seconds)
        return True

    def _announce_again(self, run: RunSummary) -> None:
        """News older than half a minute that GitHub does not show: there was no room for it, its announcement was lost,
        or its consumer died. Once a minute, so that whoever waits for room is not dropped as a repetition for five.
        """
        if run.phase == "ended" and run.park_until and not self._is_due(run):
            return  # GitHub refused something, and is not to be asked again yet
        now = self._clock.now()
        if run.unpublished and quiet_seconds(run, now) >= _ANNOUNCE_AGAIN_SECONDS:
            announce(self._publishing, run, again=f":{now.timestamp() // 60:.0f}")

    def _open(self, run_id: str) -> RunLedger:
        return RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor, publishing=self._publishing)


def _in_turn(news: Sequence[RunSummary], now: datetime) -> list[RunSummary]:
    """The next so many at each minute, round and round: neither the oldest nor the newest keep the others waiting."""
    if len(news) <= _NEWS_AT_ONCE:
        return list(news)
    first = int(now.timestamp() // 60) * _NEWS_AT_ONCE % len(news)
    return [*news[first:], *news[:first]][:_NEWS_AT_ONCE]


def _lost_attempts(ledger: RunLedger) -> int:
    """Attempts asked for since the run last got anywhere: a model's reply, a park, an answer, a head to merge with."""
    lost = 0
    for event in ledger.events:
        if event.kind in {"run.admitted", "run.resumed"}:
            lost += 1
        elif event.kind in {"model.replied", "run.parked", "question.answered", "head.moved"}:
            lost = 0
    return lost
