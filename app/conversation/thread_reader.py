"""Looking at a job's thread: GitHub's word on who asked and what still holds, and the runs that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from app.admission.finished_work import KeptProposals
from app.admission.github_facts import is_foreign_label, role_of
from app.admission.stale_events import StaleEvents
from app.admission.thread_changes import ThreadChanges
from app.github.access import Access
from app.jobs.job import Job
from app.playbooks import playbook
from app.ports.platform import Clock, RunSummary, Store
from app.routing.asked import Asked, is_withdrawal
from app.routing.found import Found, Standing, standing
from app.runs.each_run import each_run
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState

_RECENT = 3  # ended runs of a thread that may have heard a job which comes again


class ThreadReader:
    """Gathers what `app.routing.route` decides by; changes nothing but what is remembered of late events."""

    def __init__(
        self,
        open_ledger: Callable[[str], RunLedger],
        store: Store,
        access: Access,
        clock: Clock,
        kept: KeptProposals,
        switched_off: Callable[[Job], list[RunSummary]],
    ) -> None:
        self._open = open_ledger
        self._store = store
        self._access = access
        self.late = StaleEvents(access, store, clock)
        self._changes = ThreadChanges(access)
        self._kept = kept
        self._switched_off = switched_off

    def at(self, asked: Asked, run_id: str) -> Found:
        """What there is for one command, whose own run is `run_id`. Raises TransientError: GitHub or the store is away,
        or does not show yet what the event told of.
        """
        job = asked.job
        if is_withdrawal(job):
            return self._of_withdrawal(job)
        own = self._open(run_id).state
        if own.seq and not is_unsaid(own):
            return Found(own=own.phase)
        role = self._role(job)
        return Found(role=None) if role is None else self._of_thread(job, role, run_id)

    def _of_withdrawal(self, job: Job) -> Found:
        self.late.remember(job)
        rows = self._switched_off(job) or self._store.runs(active=True, thread_key=job.thread.key)
        active = self._standings(rows, job)
        meant = [run for run in active if run.is_meant]
        holds = bool(meant) and self.late.still_holds(job)
        return Found(active=active, holds=holds, change=self._changes.of(job, meant[0].base_ref) if holds else None)

    def _of_thread(self, job: Job, role: str, own: str) -> Found:
        rows = [row for row in self._store.runs(thread_key=job.thread.key, limit=None) if row.run_id != own]
        ended = (row for row in rows if row.phase == "ended")
        if any(self._open(row.run_id).state.has_heard(job.id, job.line_comment_id) for row in islice(ended, _RECENT)):
            return Found(role=role, was_heard=True)
        active = self._standings([row for row in rows if row.phase != "ended"], job)
        worked = tuple(row for row in rows if row.reason not in {"replied", "refused"})
        waiting = None if active else self._kept.waiting(worked)
        return Found(
            role=role,
            active=active,
            worked=worked,
            waiting=self._standings([waiting], job)[0] if waiting else None,
        )

    def _standings(self, rows: Sequence[RunSummary], job: Job) -> tuple[Standing, ...]:
        """One for each row; of a run whose ledger is broken no more than the row says."""
        known: dict[str, Standing] = {}

        def learn(row: RunSummary) -> bool:
            known[row.run_id] = standing(row, self._open(row.run_id).state, job)
            return True

        each_run(rows, learn)
        return tuple(known.get(row.run_id, Standing(row=row)) for row in rows)

    def _role(self, job: Job) -> str | None:
        """The sender's role; None when nobody asked us anything: the label is not ours, or off again."""
        if job.is_unasked:
            return "none"
        with self._access.asking(job.thread, since=job.received_at) as github:
            if is_foreign_label(github, job):
                return None
            role = role_of(github, job.thread.repository, job.sender.login)
        return role if job.action != "start" or self.late.still_holds(job) else None


def is_unsaid(state: RunState) -> bool:
    """A run that was about to say something when its process died."""
    return state.is_created and state.is_active and playbook(state.created.playbook).worked_by == "nobody"
