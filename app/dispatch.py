"""Dispatch turns a job into ledger events: it looks at the thread, finds the rule that decides, and acts.

It asks GitHub (configuration at the base branch, the sender's role, protection) with a read token and writes nothing
there: even a refusal is a short run whose ledger the publisher shows. Doing a job twice finds the first time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from app import log
from app.admission.checks_place import ChecksPlace
from app.admission.github_facts import BOT_DEFAULTS
from app.admission.run_launcher import RunLauncher
from app.admission.start import RunStart
from app.checkpoints import replies
from app.conversation.autofix_switch import AutofixSwitch
from app.conversation.once_replies import OnceReplies
from app.conversation.step_executor import ENDING_SECONDS, StepExecutor
from app.conversation.thread_reader import ThreadReader, is_unsaid
from app.conversation.undoing import Undoing
from app.errors import TransientError, UserError
from app.events.working import RunEnded
from app.github.access import Access
from app.github.errors import Refused
from app.installation.changes import is_about_installations
from app.installation.installations import Installations
from app.installation.looking import InstallationReader
from app.jobs.job import MOST_ATTEMPTS, REMEMBERED_SECONDS, Job, Source, group_commit, taken_key
from app.log import Redactor
from app.outcomes.watch import Outcomes
from app.ports.platform import Clock, Keeping, Queue, Store
from app.routing.asked import Asked, asked_of, is_withdrawal
from app.routing.route import route
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.settings import Settings

_LOOKS = 3  # at a thread that changes between the look and the act
_GIVEN_UP = -1  # the place of a run that only says so, among those of a job's commands


class Dispatcher:
    """Takes jobs one at a time per thread (the queue's group keeps their order)."""

    def __init__(
        self,
        *,
        store: Store,
        keeping: Keeping,
        publishing: Queue,
        run_launcher: RunLauncher,
        access: Access,
        settings: Settings,
        clock: Clock,
        redactor: Redactor,
        clone_url: Callable[[str], str],
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._access = access
        self._settings = settings
        self._clock = clock
        self._redactor = redactor
        self._starts = RunStart(
            store=store,
            run_launcher=run_launcher,
            access=access,
            settings=settings,
            clock=clock,
            clone_url=clone_url,
            open_ledger=self._open,
        )
        self._place = ChecksPlace(store, access)
        self._once_replies = OnceReplies(store, self._starts, self._open, settings.command_prefix)
        reader = InstallationReader(store, access, keeping, settings.bot_login)
        self._installations = Installations(
            self._open, store, reader, keeping, clone_url=clone_url, prefix=settings.command_prefix
        )
        self._reader = ThreadReader(self._open, store, access, clock, self._starts.kept, reader.switched_off)
        self._outcomes = Outcomes(store=store, access=access, clock=clock, open_ledger=self._open)
        self._executor = StepExecutor(
            open_ledger=self._open,
            run_launcher=run_launcher,
            starts=self._starts,
            once_replies=self._once_replies,
            late=self._reader.late,
            named=settings.model,
            undo=Undoing(access, self._open, self._starts, settings),
            autofix=AutofixSwitch(store, access, self._starts),
            quiet=settings.quiet,
        )

    def dispatch(self, job: Job) -> None:
        """Do one job, once for each id and each body within 30 days.

        Raises TransientError when GitHub or the store is away: the queue brings the job again.
        """
        if any(self._store.claimed_by(mark) for mark in _marks(job)):
            log.event("dispatch.done_before", delivery=job.id, trigger=job.trigger)
            return
        if is_about_installations(job):
            self._installations.attend(job, run_id_of(job, 0))
        elif group_commit(job.trigger):
            self._starts.reply(self._open(run_id_of(job, 0)), job, "")  # in check runs, and no words
        else:
            here = self._at_its_run(job)
            for placed in self._place.of(here):
                found = placed.thread.number - here.thread.number  # 0 unless the thread had to be looked up
                for index, asked in enumerate(self._asked(placed)):
                    self._try(asked, run_id_of(job, found + index))
        if job.trigger == "pull_request.closed":
            self._outcomes.closed(job)
        self._store.claim_all(_marks(job), job.id, ttl_seconds=REMEMBERED_SECONDS)

    def give_up(self, job: Job, why: str) -> None:
        """Say on the thread that this job could not be done; it is kept as a dead letter. Raises as the store does."""
        if is_about_installations(job) or is_withdrawal(job) or job.is_unasked or group_commit(job.trigger):
            return  # nobody waits for a word
        job = self._at_its_run(job)
        text = replies.gave_up(why, MOST_ATTEMPTS)
        ledgers = [self._open(run_id_of(job, index)) for index in range(len(job.commands) or 1)]
        for ledger in ledgers:
            if is_unsaid(ledger.state):
                self._starts.reply(ledger, job, text, refused=True, keeps=True)
            else:
                ledger.append_if(_is_not_admitted, RunEnded(outcome="failed", reason=text, next_step="Retry."))
        run_id = run_id_of(job, _GIVEN_UP)
        if not all(ledger.state.seq for ledger in ledgers) and self._once_replies.may_say_it_gave_up(job, run_id):
            self._starts.reply(self._open(run_id), job, text, refused=True, keeps=True)  # the label: for the redrive

    def _asked(self, job: Job) -> list[Asked]:
        return asked_of(job, self._settings.command_prefix, BOT_DEFAULTS.triggers.label)

    def _at_its_run(self, job: Job) -> Job:
        """A button on a check run means the run's own thread, wherever the button stands."""
        run_id = job.commands[0].flags.get("run", "").partition(":")[0] if job.commands else ""
        if not run_id:
            return job
        created = self._open(run_id).state.created
        if created.thread.repository_id != job.thread.repository_id:
            return job
        task = created.task
        return job._replace(thread=created.thread, source=Source(title=task.title, body=task.body, author=task.author))

    def _try(self, asked: Asked, run_id: str) -> None:
        """Obey; what a person can fix is said on the thread, unless the App cannot say anything there."""
        job = asked.job
        try:
            self._do(asked, run_id)
        except UserError as error:
            if isinstance(error, Refused) and self._access.whereabouts(job.thread) is None:
                log.event("dispatch.out_of_reach", level=log.WARNING, delivery=job.id, reason=str(error))
            else:
                self._once_replies.trouble(job, run_id, error)

    def _do(self, asked: Asked, run_id: str) -> None:
        """Look, decide, act; once more when the thread has changed in between."""
        for _ in range(_LOOKS):
            step = route(asked, self._reader.at(asked, run_id))
            log.event("dispatch.step", delivery=asked.job.id, step=step.name, why=step.why.said)
            if self._executor.do(step, asked, run_id):
                return
        raise TransientError("the thread changes all the time", retry_after_seconds=ENDING_SECONDS)

    def _open(self, run_id: str) -> RunLedger:
        return RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor, publishing=self._publishing)


def _is_not_admitted(state: RunState) -> bool:
    return state.seq > 0 and state.phase == "created"


def _marks(job: Job) -> list[str]:
    return [taken_key(name) for name in (job.id, job.digest) if name]


def run_id_of(job: Job, index: int) -> str:
    """The run a command of a job makes; always the same, so that a job done twice finds its run."""
    return hashlib.sha256(f"{job.id}/{index}".encode()).hexdigest()[:16]
