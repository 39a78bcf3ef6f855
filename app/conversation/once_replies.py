"""What people hear who may not, who asked for nothing, or whose request ran into trouble: said once, then no more.

A bot that answers everything can be made to talk by anybody. Who was told what on which thread is a claim that runs
out, so that a later comment costs neither a run nor a word.
"""

from __future__ import annotations

from collections.abc import Callable

from app import log
from app.admission.start import RunStart
from app.checkpoints import replies
from app.commands.verbs import INSTRUCT, lacking
from app.errors import UserError
from app.jobs.job import REMEMBERED_SECONDS, Command, Job, label_put_on
from app.jobs.verb import may
from app.ports.platform import Store
from app.runs.run_ledger import RunLedger

_HINT_SECONDS = 3600.0  # who says "thanks" twice has heard; who comes back later may have forgotten
_TROUBLE_SECONDS = 3600.0


class OnceReplies:
    """Answers that are given once per person and thread."""

    def __init__(self, store: Store, starts: RunStart, open_ledger: Callable[[str], RunLedger], prefix: str) -> None:
        self._store = store
        self._starts = starts
        self._open = open_ledger
        self._prefix = prefix

    def refuse(self, job: Job, command: Command, run_id: str, role: str) -> None:
        """Turn down somebody whose `role` is too low for `command`; a label comes off, whether they were told or not.

        Without any role here that lets people ask us, one line is all they ever hear on a thread.
        """
        needed, flag = lacking(command, role) or (role, "")
        label = label_put_on(job.trigger)
        about = "stranger" if not may(role, "triage") else f"{'label' if label else 'command'}:{needed}"
        is_first = self._is_first(job, run_id, about, REMEMBERED_SECONDS)
        log.event("manners.refused", delivery=job.id, by=job.sender.login, needed=needed, told=is_first)
        if label:
            text = replies.refused_label(job.sender.login, label, role, needed) if is_first else ""
            self._starts.reply(self._open(run_id), job, text, refused=True, when=replies.WITH_THE_ROLE)
        elif is_first:
            said = f"{self._prefix} {command.verb}" if command.verb != INSTRUCT.name else ""
            text = replies.refused_role(job.sender.login, said, role, needed, flag=flag, prefix=self._prefix)
            self._starts.reply(self._open(run_id), job, text, refused=True)

    def hint(self, job: Job, run_id: str) -> None:
        """Words for a run where none is at work: they start nothing, and how to start is said."""
        if self._is_first(job, run_id, "hint", _HINT_SECONDS):
            text = replies.nothing_to_tell(self._prefix)
            self._starts.reply(self._open(run_id), job, text)

    def trouble(self, job: Job, run_id: str, error: UserError) -> None:
        """Somebody waits for a word, and there is no more to it than this error."""
        log.event("manners.trouble", level=log.WARNING, delivery=job.id, reason=str(error))
        if not job.is_unasked and self._is_first(job, run_id, "trouble", _TROUBLE_SECONDS):
            self._starts.reply(self._open(run_id), job, replies.trouble(f"{error}"), refused=True)

    def may_say_it_gave_up(self, job: Job, run_id: str) -> bool:
        """Whether this person has not heard it on this thread just now: an outage turns down comment after comment."""
        return self._is_first(job, run_id, "gave up", _TROUBLE_SECONDS)

    def _is_first(self, job: Job, run_id: str, about: str, seconds: float) -> bool:
        """The run that says it holds the claim, so a job that comes again still finds its turn."""
        return self._store.claim(f"told:{job.thread.key}:{job.sender.id}:{about}", run_id, ttl_seconds=seconds)
