"""`undo`: which branch is meant and whether it may be written to. What is taken back is found by the publisher, on the
branch as it is then (`app.publication.kinds.undo`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.admission import revalidation
from app.admission.github_facts import BOT_DEFAULTS, names_of
from app.admission.request import request_of
from app.admission.start import RunStart
from app.checkpoints import undo_text
from app.events.asked import AdmissionFacts
from app.events.deciding import PullTarget, Task
from app.events.working import RunEnded
from app.github import pulls
from app.github.access import Access
from app.ports.platform import RunSummary
from app.routing.asked import Asked
from app.runs.run_ledger import RunLedger
from app.settings import Settings

_NAME = "undo"  # of its playbook


class Undoing:
    """Makes the run that takes a commit back; doing it twice finds the first time."""

    def __init__(
        self, access: Access, open_ledger: Callable[[str], RunLedger], starts: RunStart, settings: Settings
    ) -> None:
        self._access = access
        self._open = open_ledger
        self._starts = starts
        self._settings = settings

    def ask(self, ledger: RunLedger, asked: Asked, worked: Sequence[RunSummary]) -> None:
        """Ask for it, or say why it cannot be. `worked` are the runs of the thread, newest first."""
        job = asked.job
        number = job.thread.number if job.thread.is_pull_request else self._pull_of(worked)
        if number is None:
            self._starts.reply(ledger, job, undo_text.no_pull())
            return
        with self._access.asking(job.thread, since=job.received_at) as github:
            pull = pulls.pull(github, job.thread.repository, number)
            if why_not := undo_text.why_not(pull.number, merged=pull.merged, open=pull.is_open, fork=pull.from_fork):
                self._starts.reply(ledger, job, why_not)
                return
            said = request_of(
                job,
                playbook=_NAME,
                names=names_of(BOT_DEFAULTS, self._settings.command_prefix),
                task=Task(title=job.source.title),
                branch=pull.head_ref,
                target=PullTarget(base_ref=pull.base_ref, base_sha=pull.base_sha, url=pull.url),
                admission=AdmissionFacts(playbook=_NAME),
            )
            ledger.append_if(lambda state: state.seq == 0, said)
            found = revalidation.still_objected(github, ledger, self._settings.bot_login)
        end = RunEnded(outcome="refused", reason=found.reason) if found else RunEnded(outcome="replied")
        ledger.append_if(lambda state: state.is_active, end)

    def _pull_of(self, worked: Sequence[RunSummary]) -> int | None:
        """The number of the newest pull request that a run of the thread made."""
        made = (self._open(row.run_id).state.pull for row in worked if row.reason == "proposed")
        return next((int(pull["number"]) for pull in made if pull), None)
