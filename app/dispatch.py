"""Dispatch turns a job into ledger events: it admits, queues or refuses a run, or passes on a steer, an answer, a stop.

It asks GitHub (configuration at the base branch, the sender's role, protection) with a read token and writes nothing
there: even a refusal is a short run whose ledger the publisher shows. Doing a job twice finds the first time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from app import log
from app.checkpoints import replies
from app.creation import created, request_of
from app.errors import TransientError, UserError
from app.facts import BOT_DEFAULTS, gather, names_of, role_of
from app.github.access import Access
from app.jobs import Command, Job, Thread
from app.log import Redactor
from app.ports import Clock, Launcher, Queue, RunSummary, Store
from app.run_ledger import RunLedger, announce
from app.settings import Settings
from app.task import answer_text
from app.triggers.admission import Facts as AdmissionFacts
from app.triggers.admission import admit
from app.triggers.commands import PREFIX
from app.triggers.verbs import INSTRUCT, VERBS, lookup, may, needed_role


class Dispatcher:
    """Takes jobs one at a time per thread (the queue's group keeps their order)."""

    def __init__(
        self,
        *,
        store: Store,
        publishing: Queue,
        launcher: Launcher,
        access: Access,
        settings: Settings,
        clock: Clock,
        redactor: Redactor,
        clone_url: Callable[[str], str],
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._launcher = launcher
        self._access = access
        self._settings = settings
        self._clock = clock
        self._redactor = redactor
        self._clone_url = clone_url

    def dispatch(self, job: Job) -> None:
        """Do one job. Raises TransientError when GitHub or the store is away: the queue brings the job again."""
        if not job.commands and job.action == "cancel":
            self._cancel(job, job.reason)
            return
        for index, command in enumerate(job.commands or (_implied(job),)):
            run_id = run_id_of(job, index)
            ledger = self._open(run_id)
            if ledger.state.seq:  # this job was here before
                self._admit(ledger)
            else:
                self._obey(job, command, run_id)

    # ------------------------------------------------------------ commands

    def _obey(self, job: Job, command: Command, run_id: str) -> None:
        if command.error:
            self._reply(job, run_id, command.error, refused=True)
            return
        verb, is_said = lookup(command.verb), bool(job.commands)
        with self._access.asking(job.thread) as github:
            role = role_of(github, job.thread.repository, job.sender.login)
        if self._was_heard(job):
            return
        active = self._active(job.thread)
        needed = needed_role(command)
        is_own_question = verb.name == "answer" and any(run.requester == job.sender.login for run in active)
        if not may(role, needed) and not is_own_question:
            if is_said or job.action == "start":
                text = replies.refused_role(job.sender.login, verb.name, role, needed)
                self._reply(job, run_id, text, refused=True)
            return
        talk = {"help": self._help, "status": self._status, "stop": self._stop, "answer": self._answer}
        if verb.name in talk:
            answer = talk[verb.name](job, command, active)
            if answer and is_said:
                self._reply(job, run_id, answer)
        elif active and verb.name == "instruct":
            self._steer(job, command, active[0])
        elif active:
            self._reply(job, run_id, replies.already_active(active[0], PREFIX))
        else:
            self._create(job, command, run_id, role)

    def _help(self, _job: Job, _command: Command, _active: list[RunSummary]) -> str:
        rows = [(item.example or item.name, item.help) for item in (*VERBS.values(), INSTRUCT) if item.works]
        return replies.help_text(rows, PREFIX, BOT_DEFAULTS.triggers.label)

    def _status(self, job: Job, _command: Command, _active: list[RunSummary]) -> str:
        return replies.status(self._worked(job.thread))

    def _stop(self, job: Job, _command: Command, _active: list[RunSummary]) -> str:
        return "" if self._cancel(job, "asked to stop") else replies.no_active_run("stop", PREFIX)

    def _cancel(self, job: Job, reason: str) -> bool:
        """Ask every active run of the thread to stop; one that no worker holds ends at once."""
        active = self._active(job.thread)
        for run in active:
            ledger = self._open(run.run_id)
            event = ledger.append_if(
                lambda state: state.is_active and state.cancel is None,
                "cancel.requested",
                by=job.sender.login,
                reason=reason,
                delivery=job.id,
                comment_id=job.source.comment_id,
            )
            if ledger.state.phase in {"created", "queued", "parked"}:
                ledger.append_if(
                    lambda state: state.phase in {"created", "queued", "parked"},
                    "run.ended",
                    outcome="cancelled",
                    reason=f"Stopped by {job.sender.login}: {reason}",
                )
            if event:
                log.event("dispatch.cancelled", run=run.run_id, by=job.sender.login)
            announce(self._publishing, ledger)
        return bool(active)

    def _answer(self, job: Job, command: Command, active: list[RunSummary]) -> str:
        """Put the answer into the run that asked; what to say when none did."""
        for run in active:
            ledger = self._open(run.run_id)
            question = ledger.state.open_question
            if question is not None:
                ledger.append_if(
                    lambda state: state.is_active and state.open_question is not None,
                    "question.answered",
                    by=job.sender.login,
                    text=answer_text(command.text, question),
                    delivery=job.id,
                    comment_id=job.source.comment_id,
                )
            if any(item.get("delivery") == job.id for item in ledger.state.answers):
                self._relaunch(ledger)
                return ""
        return replies.no_open_question(PREFIX)

    def _relaunch(self, ledger: RunLedger) -> None:
        """Wake a run that was parked on a question."""
        if ledger.append_if(
            lambda state: state.phase == "parked" and state.park_reason == "question", "run.resumed", reason="answered"
        ):
            self._start(ledger)
        announce(self._publishing, ledger)

    def _steer(self, job: Job, command: Command, run: RunSummary) -> None:
        ledger = self._open(run.run_id)
        ledger.append_if(
            lambda state: state.is_active and all(item.get("delivery") != job.id for item in state.steering),
            "steer.received",
            by=job.sender.login,
            text=command.text,
            delivery=job.id,
            comment_id=job.source.comment_id,
        )
        announce(self._publishing, ledger)

    # ------------------------------------------------------------ runs

    def _create(self, job: Job, command: Command, run_id: str, role: str) -> None:
        try:
            with self._access.asking(job.thread) as github:
                facts = gather(github, job, command)
        except UserError as error:
            self._reply(job, run_id, f"{error}", refused=True)
            return
        if admit(AdmissionFacts(role=role, **facts.admission)).verdict == "ignore":
            log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger)
            return
        previous = self._worked(job.thread)
        earlier = self._open(previous[0].run_id).state.created if command.verb == "retry" and previous else None
        ledger = self._open(run_id)
        data = created(
            job,
            command,
            facts,
            run_id,
            role=role,
            earlier=earlier,
            clone_url=self._clone_url(job.thread.repository),
            settings=self._settings,
        )
        ledger.append_if(lambda state: state.seq == 0, "run.created", **data)
        self._admit(ledger)

    def _admit(self, ledger: RunLedger) -> None:
        """Admit, queue or refuse a run that was created; nothing for one that is further on."""
        if ledger.state.phase != "created":
            if ledger.state.phase == "working" and ledger.state.attempt == 0:
                self._start(ledger)
            announce(self._publishing, ledger)
            return
        others = [run for run in self._store.runs(active=True) if run.run_id != ledger.run_id]
        found = admit(
            AdmissionFacts(
                **ledger.state.created["admission"],
                spent_today_usd=self._spent_today(ledger),
                ahead=sum(run.phase == "queued" for run in others),
                working=sum(run.phase == "working" for run in others),
                concurrency=self._settings.concurrency,
            )
        )
        log.event("dispatch.admission", run=ledger.run_id, verdict=found.verdict, reason=found.reason)
        if found.verdict == "admit":
            ledger.append("run.admitted", reason=found.reason)
            self._start(ledger)
        elif found.verdict == "queue":
            ledger.append("run.queued", reason=found.reason)
        else:
            ledger.append("run.ended", outcome="refused", reason=replies.refused(found.reason))
        announce(self._publishing, ledger)

    def _start(self, ledger: RunLedger) -> None:
        try:
            self._launcher.start(ledger.run_id, ledger.state.launched)
        except TransientError as error:
            until = self._clock.now() + timedelta(seconds=error.retry_after_seconds)
            ledger.append("run.parked", reason="capacity", note=f"{error}", until=until.isoformat())

    def _reply(self, job: Job, run_id: str, text: str, *, refused: bool = False) -> None:
        """A run that only says something."""
        ledger = self._open(run_id)
        data = request_of(job) | {
            "playbook": "reply",
            "names": names_of(BOT_DEFAULTS, PREFIX),
            "task": {"title": job.source.title},
        }
        ledger.append_if(lambda state: state.seq == 0, "run.created", **data)
        outcome = "refused" if refused else "replied"
        ledger.append_if(lambda state: state.is_active, "run.ended", outcome=outcome, reason=text)
        announce(self._publishing, ledger)

    # ------------------------------------------------------------ looking

    def _open(self, run_id: str) -> RunLedger:
        return RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor)

    def _active(self, thread: Thread) -> list[RunSummary]:
        return self._store.runs(active=True, thread_key=thread.key)

    def _worked(self, thread: Thread) -> list[RunSummary]:
        """Runs of the thread that were more than an answer, newest first."""
        return [run for run in self._store.runs(thread_key=thread.key) if run.reason not in {"replied", "refused"}]

    def _was_heard(self, job: Job) -> bool:
        """Whether a run that has ended since took this job in: the job came again because its taker died."""
        for run in self._store.runs(active=False, thread_key=job.thread.key, limit=3):
            state = self._open(run.run_id).state
            heard = [*state.answers, *state.steering, *([state.cancel] if state.cancel else [])]
            if any(item.get("delivery") == job.id for item in heard):
                return True
        return False

    def _spent_today(self, ledger: RunLedger) -> float:
        day, repository = self._clock.now().date().isoformat(), ledger.state.created["thread"]["repository"]
        return sum(
            run.cost_usd for run in self._store.runs() if run.created_at[:10] == day and run.repository == repository
        )


def run_id_of(job: Job, index: int) -> str:
    """The run a command of a job makes; always the same, so that a job done twice finds its run."""
    return hashlib.sha256(f"{job.id}/{index}".encode()).hexdigest()[:16]


def _implied(job: Job) -> Command:
    """What a label or a plain reply means."""
    return Command(verb="fix") if job.action == "start" else Command(verb="answer", text=job.source.comment)
