"""How a run starts: its first event, admission against what GitHub says and what was spent, a worker asked for.

A refusal or an answer is a run too, one that only says something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app import log
from app.admission.admit import admit, again_when
from app.admission.finished_work import KeptProposals
from app.admission.github_facts import BOT_DEFAULTS, Facts, gather, names_of, organisation_defaults
from app.admission.red_branch import cause_on
from app.admission.request import created, model_of, request_of
from app.admission.reservation import look
from app.admission.run_launcher import RunLauncher
from app.admission.unfinished import to_go_on_from
from app.checkpoints import merge_text, replies
from app.checkpoints.diagnosis_text import no_more
from app.commands.verbs import FRESH, INSTRUCT, RETRY
from app.errors import UserError
from app.events.deciding import Continued, RunAdmitted, RunQueued, Task
from app.events.parts import Outcome
from app.events.working import RunEnded
from app.github.access import Access
from app.jobs.job import CONFLICT, Command, Job, Thread, is_red_fix, label_put_on
from app.jobs.verb import PULL_REQUEST
from app.playbooks import BY_LABEL, BY_VERB, BY_WORDS, DIAGNOSES, REPLY, playbook
from app.playbooks.playbook import Playbook
from app.ports.platform import Clock, Store
from app.routing.asked import Asked
from app.routing.steps import Start
from app.runs.parking import wait_for_quiet
from app.runs.run_ledger import RunLedger
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.settings import Settings

_FIXED = "that is mended"


class RunStart:
    """Creates, admits, queues or refuses runs; doing it twice finds the first time."""

    def __init__(
        self,
        *,
        store: Store,
        run_launcher: RunLauncher,
        access: Access,
        settings: Settings,
        clock: Clock,
        clone_url: Callable[[str], str],
        open_ledger: Callable[[str], RunLedger],
    ) -> None:
        self._store = store
        self._run_launcher = run_launcher
        self._access = access
        self._settings = settings
        self._clock = clock
        self._clone_url = clone_url
        self.kept = KeptProposals(open_ledger, store)

    def create(self, ledger: RunLedger, asked: Asked, step: Start) -> None:
        """Write the run's first event and admit it."""
        job, command, role = asked.job, asked.command, step.role
        ended = fold(step.before, self._store.events(step.before)) if step.before else None
        before, fresh = ended.created if ended else None, FRESH in command.flags
        book = self._book(asked, before.playbook if before else "")
        try:
            facts, left, note = self._look(asked, book, None if fresh else ended)
        except UserError as error:
            if job.is_unasked:
                log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger, reason=str(error))
            else:
                self.reply(ledger, job, f"{error}", refused=True)
            return
        verdict = admit(facts.admission.model_copy(update={"role": role})).verdict
        if verdict == "ignore" or not _is_configured(job, facts):
            log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger)
            return
        if verdict in {"admit", "queue"} and (said := self._needless(asked, facts)):
            self.reply(ledger, job, said, refused=facts.book is DIAGNOSES, when=again_when(facts.admission))
            return
        if step.before and verdict == "admit" and not fresh:
            goes_to = facts.target.base_ref if facts.target else ""
            why_not = self.kept.publish(job, step.before, facts.base_ref, facts.base_sha, goes_to)
            if why_not is None:
                return
            note = note or why_not
        first = created(
            job,
            command,
            facts,
            ledger.run_id,
            role=role,
            before=before,
            clone_url=self._clone_url(job.thread.repository),
            settings=self._settings,
            notes=[note] if note else [],
            why=step.why.lines(),
            gathers=job.gathers or _again(before.gathers if before else "", book),
            continued=left,
            failures=cause_on(self._store, job, self._settings.bot_login),
        )
        ledger.append_if(lambda state: state.seq == 0, first)
        self.admit(ledger, fresh=True)

    def _look(self, asked: Asked, book: Playbook, ended: RunState | None) -> tuple[Facts, Continued | None, str]:
        """What GitHub says, and where the work of a run that ended goes on, with a note on that. Raises UserError."""
        job, command = asked.job, asked.command
        with self._access.asking(job.thread, since=job.received_at) as github:
            defaults, bot = self._defaults(job.thread), self._settings.bot_login
            facts = _as_far_as_allowed(gather(github, job, command, book, defaults, bot_login=bot), command)
            begins = to_go_on_from(github, self._store, ended, facts.base_sha) if ended else None
        facts.config.unbuilt(self._settings.sandbox_images)  # raises for an image that is not offered
        model_of(command, facts, self._settings)  # raises for a name that the model's provider does not know
        return (facts, *(begins or (None, "")))

    @staticmethod
    def _book(asked: Asked, before: str) -> Playbook:
        """The kind of run that is asked for: on a pull request whatever changes its branch."""
        if asked.verb == RETRY and before and before != DIAGNOSES.name:  # which may be a fix by now
            return playbook(before)
        book = BY_VERB.get(asked.verb) or (BY_WORDS if asked.verb == INSTRUCT.name else BY_LABEL)
        is_elsewhere = asked.job.thread.is_pull_request and PULL_REQUEST not in book.places
        return BY_WORDS if is_elsewhere else book

    def _needless(self, asked: Asked, facts: Facts) -> str:
        """What is said instead of a run that would only cost; empty where there is something to do."""
        if facts.target and facts.target.behind == 0 and not asked.job.is_unasked:
            return merge_text.up_to_date(facts.base_ref, facts.target.base_ref)
        if facts.book is DIAGNOSES and asked.verb != RETRY:
            is_said = any(run.reason == "explained" for run in self._store.runs(thread_key=asked.job.thread.key))
            return no_more(asked.prefix) if is_said else ""
        return ""

    def _defaults(self, thread: Thread) -> bytes | None:
        """The organisation's defaults, when it has a `.github` repository that the App may read."""
        with self._access.organisation(thread) as github:
            return organisation_defaults(github, thread.repository) if github else None

    def admit(self, ledger: RunLedger, *, fresh: bool = False) -> None:
        """Admit, queue or refuse a run that was created; nothing for one that is further on.

        `fresh`: what its first event says of GitHub was asked just now. Raises TransientError when GitHub is away.
        """
        if ledger.state.phase != "created":
            if ledger.state.phase == "working" and ledger.state.attempt == 0:
                self._run_launcher.start(ledger)
            return
        facts = ledger.state.created.admission.model_copy(
            update={
                "spent_today_usd": look(self._store, ledger.state, self._clock.now()).spent_usd,
                "ahead": self._store.count("queued"),
                "working": self._store.count("working"),
                "concurrency": self._settings.concurrency,
            }
        )
        found = admit(facts)
        log.event("dispatch.admission", run=ledger.run_id, verdict=found.verdict, reason=found.reason)
        if found.verdict in {"admit", "queue"} and ledger.state.created.gathers:
            wait_for_quiet(ledger, self._settings.quiet)
        elif found.verdict == "admit":
            self._run_launcher.launch(ledger, RunAdmitted, found.reason, phases=["created"], fresh=fresh)
        elif found.verdict == "queue":
            ledger.append(RunQueued(reason=found.reason))
        else:
            label = label_put_on(ledger.state.created.trigger)
            reason = replies.refused(found.reason, label=label, when=again_when(facts))
            ledger.append(RunEnded(outcome="refused", reason=reason))

    def reply(
        self,
        ledger: RunLedger,
        job: Job,
        text: str,
        *,
        refused: bool = False,
        when: str | None = None,
        keeps: bool = False,
    ) -> None:
        """A run that only says something. A refused label comes off, unless the run `keeps` it: then `when` says when
        putting it on again helps. With no text that is all it does.
        """
        label = label_put_on(job.trigger) if refused and not keeps else ""
        text = f"{text} {replies.taken_off(label, _FIXED if when is None else when)}" if text and label else text
        names = names_of(BOT_DEFAULTS, self._settings.command_prefix)
        said = request_of(job, playbook=REPLY.name, names=names, task=Task(title=job.source.title), keeps_label=keeps)
        ledger.append_if(lambda state: state.seq == 0, said)
        outcome: Outcome = "refused" if refused else "replied"
        ledger.append_if(lambda state: state.is_active, RunEnded(outcome=outcome, reason=text))


def _is_configured(job: Job, facts: Facts) -> bool:
    """Whether the repository wants what nobody has asked for; what checks began says so itself, later."""
    if job.gathers == CONFLICT:
        return facts.config.keep_mergeable and facts.target is not None and facts.target.ours
    return not is_red_fix(job.gathers) or (facts.config.fix_default_branch and facts.book is not DIAGNOSES)


def _as_far_as_allowed(facts: Facts, command: Command) -> Facts:
    """Where the configuration lets nobody change anything, a fix is a diagnosis; a plan for it is refused."""
    if facts.config.autonomy != "diagnose" or facts.book is not BY_LABEL or command.verb == "plan":
        return facts
    allowed = {"playbook": DIAGNOSES.name, "playbook_enabled": facts.config.playbook(DIAGNOSES.name).enabled}
    return replace(facts, book=DIAGNOSES, admission=facts.admission.model_copy(update=allowed))


def _again(gathers: str, book: Playbook) -> str:
    """What a run reads anew that is tried again: the review, or what its kind reads, which a person asks for now."""
    return gathers if gathers in {"", "review"} else book.gathers
