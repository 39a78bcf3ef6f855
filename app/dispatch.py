"""Dispatch turns a job into ledger events: it admits, queues or refuses a run, or passes on a steer, an answer, a stop.

It asks GitHub (configuration at the base branch, the sender's role, protection) with a read token and writes nothing
there: even a refusal is a short run whose ledger the publisher shows. Doing a job twice finds the first time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from app import log
from app.admission.finished_work import KeptProposals
from app.admission.github_facts import BOT_DEFAULTS, is_foreign_label, role_of
from app.admission.proceed import GoingOn
from app.admission.revalidation import started_by_label
from app.admission.stale_events import LateEvents
from app.admission.start import RunStart
from app.checkpoints import replies
from app.commands.verbs import lacking, lookup
from app.conversation.notices import Manners
from app.conversation.steering import Conversation
from app.errors import TransientError, UserError
from app.events.deciding import RunResumed
from app.events.working import RunEnded
from app.github.access import Access
from app.github.errors import Refused
from app.installation.installations import Installations, is_about_installations
from app.jobs.job import MOST_ATTEMPTS, REMEMBERED_SECONDS, Command, Job, Source, Thread, label_put_on, taken_key
from app.log import Redactor
from app.ports.platform import Clock, Keeping, Queue, RunSummary, Store
from app.runs.run_ledger import RunLedger, announce
from app.runs.state.run_state import RunState
from app.settings import Settings

_ENDING_SECONDS = 5.0  # how long a worker that was told to stop may need, about
_GIVEN_UP = -1  # the place of a run that only says so, among those of a job's commands


class Dispatcher:
    """Takes jobs one at a time per thread (the queue's group keeps their order)."""

    def __init__(
        self,
        *,
        store: Store,
        keeping: Keeping,
        publishing: Queue,
        going_on: GoingOn,
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
        self._going_on = going_on
        self._late = LateEvents(access, store, clock)
        self._kept = KeptProposals(self._open, store, publishing)
        self._starts = RunStart(
            store=store,
            publishing=publishing,
            going_on=going_on,
            access=access,
            settings=settings,
            clock=clock,
            clone_url=clone_url,
            kept=self._kept,
        )
        self._manners = Manners(store, self._starts, self._open, settings.command_prefix)
        self._conversation = Conversation(self._open, store, publishing)
        self._installations = Installations(
            self._open,
            store,
            publishing,
            access,
            keeping,
            clone_url=clone_url,
            bot_login=settings.bot_login,
            prefix=settings.command_prefix,
        )

    def dispatch(self, job: Job) -> None:
        """Do one job, once for each id and each body within 30 days.

        Raises TransientError when GitHub or the store is away: the queue brings the job again.
        """
        if self._was_done(job):
            log.event("dispatch.done_before", delivery=job.id, trigger=job.trigger)
            return
        if is_about_installations(job):
            self._installations.attend(job, run_id_of(job, 0))
        else:
            self._do(self._at_its_run(job))
        self._store.claim_all(_marks(job), job.id, ttl_seconds=REMEMBERED_SECONDS)

    def give_up(self, job: Job, why: str) -> None:
        """Say on the thread that this job could not be done; it is kept as a dead letter. Raises as the store does."""
        if is_about_installations(job) or (job.action == "cancel" and not job.commands):
            return  # nobody waits for a word
        job = self._at_its_run(job)
        text = replies.gave_up(why, MOST_ATTEMPTS)
        ledgers = [self._open(run_id_of(job, index)) for index in range(len(job.commands) or 1)]
        for ledger in ledgers:
            if _is_unsaid(ledger.state):
                self._starts.reply(ledger, job, text, refused=True, keeps=True)
            elif ledger.append_if(_is_not_admitted, RunEnded(outcome="failed", reason=text, next_step="Retry.")):
                announce(self._publishing, ledger)
        run_id = run_id_of(job, _GIVEN_UP)
        if not all(ledger.state.seq for ledger in ledgers) and self._manners.may_say_it_gave_up(job, run_id):
            self._starts.reply(self._open(run_id), job, text, refused=True, keeps=True)  # the label: for the redrive

    def _was_done(self, job: Job) -> bool:
        return any(self._store.claimed_by(mark) for mark in _marks(job))

    def _do(self, job: Job) -> None:
        if not job.commands and job.action == "cancel":
            self._cancel(job)
            return
        for index, command in enumerate(job.commands or (_implied(job),)):
            run_id = run_id_of(job, index)
            ledger = self._open(run_id)
            if ledger.state.seq and not _is_unsaid(ledger.state):  # this job was here before
                self._starts.admit(ledger)
            else:
                self._try(job, command, run_id)

    def _cancel(self, job: Job) -> None:
        """The thread or the label is gone: what works on it stops, if GitHub says so too."""
        self._late.remember(job)
        runs = self._installations.switched_off(job) or self._active(job.thread)
        if runs and self._late.still_holds(job):
            self._conversation.cancel(job, job.reason, runs)

    def _at_its_run(self, job: Job) -> Job:
        """A button on a check run means the run's own thread, wherever the button stands."""
        run_id = job.commands[0].flags.get("run", "").partition(":")[0] if job.commands else ""
        if not run_id:
            return job
        created = self._open(run_id).state.created
        if created.thread.repository_id != job.thread.repository_id:
            return job
        task = created.task
        source = Source(title=task.title, body=task.body, author=task.author)
        return job._replace(thread=created.thread, source=source)

    # ------------------------------------------------------------ commands

    def _try(self, job: Job, command: Command, run_id: str) -> None:
        """Obey; what a person can mend is said on the thread, unless the App cannot say anything there."""
        try:
            self._obey(job, command, run_id)
        except UserError as error:
            if isinstance(error, Refused) and self._access.whereabouts(job.thread) is None:
                log.event("dispatch.out_of_reach", level=log.WARNING, delivery=job.id, reason=str(error))
            else:
                self._manners.trouble(job, run_id, error)

    def _obey(self, job: Job, command: Command, run_id: str) -> None:
        verb, label = lookup(command.verb), label_put_on(job.trigger)
        role = self._role(job)
        if role is None:
            log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger)
            return
        if self._conversation.was_heard(job):
            return
        active = self._active(job.thread)
        is_own_question = verb.name == "answer" and any(run.requester == job.sender.login for run in active)
        if lacking(command, role) and not is_own_question:
            if job.commands or label:  # a plain reply among people is not for us to turn down
                self._manners.refuse(job, command, run_id, role)
        elif command.error:
            self._starts.reply(self._open(run_id), job, command.error, refused=True)
        elif label and job.thread.is_pull_request:
            text = replies.label_on_pull_request(label)
            self._starts.reply(self._open(run_id), job, text, refused=True, when="")
        elif verb.name == "instruct":
            self._tell(job, command, run_id, active)
        else:
            self._do_verb(job, command, run_id, role, active)

    def _tell(self, job: Job, command: Command, run_id: str, active: list[RunSummary]) -> None:
        """Plain words after the prefix: an answer to the open question, else a word to the run at work."""
        if self._answered(job, command, active):
            return
        if not (active and self._conversation.steer(job, command, active[0])):
            self._manners.hint(job, run_id)

    def _do_verb(self, job: Job, command: Command, run_id: str, role: str, active: list[RunSummary]) -> None:
        verb = lookup(command.verb)
        talk = {"help": self._help, "status": self._status, "stop": self._stop, "answer": self._answer}
        if verb.name in talk:
            answer = talk[verb.name](job, command, active)
            if answer and job.commands:
                self._starts.reply(self._open(run_id), job, answer)
            return
        worked = self._worked(job.thread)
        at_it = active[0] if active else self._kept.waiting(worked) if verb.name != "retry" else None
        if at_it:
            self._join(job, at_it, run_id)
        else:
            self._starts.create(self._open(run_id), job, command, role, worked)

    def _role(self, job: Job) -> str | None:
        """The sender's role; None when nobody asked us anything: the label is not ours, or off again."""
        with self._access.asking(job.thread, since=job.received_at) as github:
            if is_foreign_label(github, job):
                return None
            role = role_of(github, job.thread.repository, job.sender.login)
        return role if job.action != "start" or self._late.still_holds(job) else None

    def _join(self, job: Job, run: RunSummary, run_id: str) -> None:
        """Somebody wants a run where one is active. Raises TransientError while that one is about to stop."""
        state = self._open(run.run_id).state
        if state.cancel:
            raise TransientError("the run before is about to stop", retry_after_seconds=_ENDING_SECONDS)
        if not job.commands and started_by_label(state):
            self._late.remember(job)  # the label is on and its run is at work: nobody asked for more
            log.event("dispatch.label_again", delivery=job.id, run=run.run_id)
        else:
            self._starts.reply(self._open(run_id), job, replies.already_active(run, self._settings.command_prefix))

    def _help(self, _job: Job, _command: Command, _active: list[RunSummary]) -> str:
        return replies.help_text(self._settings.command_prefix, BOT_DEFAULTS.triggers.label)

    def _status(self, job: Job, _command: Command, _active: list[RunSummary]) -> str:
        return replies.status(self._worked(job.thread))

    def _stop(self, job: Job, _command: Command, _active: list[RunSummary]) -> str:
        stopped = self._conversation.cancel(job, "asked to stop", self._active(job.thread))
        if not stopped and (waiting := self._kept.waiting(self._worked(job.thread))):
            stopped = self._kept.call_off(job, waiting.run_id)
        return "" if stopped else replies.no_active_run("stop", self._settings.command_prefix)

    def _answer(self, job: Job, command: Command, active: list[RunSummary]) -> str:
        if self._answered(job, command, active):
            return ""
        return replies.no_open_question(self._settings.command_prefix)

    def _answered(self, job: Job, command: Command, active: list[RunSummary]) -> bool:
        """Put the words into the run that asked and wake it; False when no question is open."""
        run = self._conversation.answer(job, command, active)
        if run is None:
            return False
        if _waits_for_an_answer(run.state):
            self._going_on.go_on(run, RunResumed, "answered", phases=["parked"])
        announce(self._publishing, run)
        return True

    # ------------------------------------------------------------ looking

    def _open(self, run_id: str) -> RunLedger:
        return RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor)

    def _active(self, thread: Thread) -> list[RunSummary]:
        return self._store.runs(active=True, thread_key=thread.key)

    def _worked(self, thread: Thread) -> list[RunSummary]:
        """Runs of the thread that were more than an answer, newest first."""
        return [run for run in self._store.runs(thread_key=thread.key) if run.reason not in {"replied", "refused"}]


def _is_unsaid(state: RunState) -> bool:
    """A run that was about to say something when its process died."""
    return state.is_active and state.created.playbook == "reply"


def _is_not_admitted(state: RunState) -> bool:
    return state.seq > 0 and state.phase == "created"


def _waits_for_an_answer(state: RunState) -> bool:
    return state.phase == "parked" and state.park_reason == "question"


def _marks(job: Job) -> list[str]:
    return [taken_key(name) for name in (job.id, job.digest) if name]


def run_id_of(job: Job, index: int) -> str:
    """The run a command of a job makes; always the same, so that a job done twice finds its run."""
    return hashlib.sha256(f"{job.id}/{index}".encode()).hexdigest()[:16]


def _implied(job: Job) -> Command:
    """What a label or a plain reply means."""
    return Command(verb="fix") if label_put_on(job.trigger) else Command(verb="answer", text=job.source.comment)
