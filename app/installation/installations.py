"""What becomes of runs when the App is installed, removed or suspended, or a repository changes as a whole."""

from __future__ import annotations

from collections.abc import Callable

from app import log
from app.admission.github_facts import BOT_DEFAULTS, names_of
from app.admission.request import request_of
from app.conversation import steering
from app.events.deciding import Task
from app.events.publishing import OnboardingAsked
from app.installation.changes import Consequences, consequences
from app.installation.looking import InstallationReader
from app.jobs.job import Job, Thread
from app.playbooks import ONBOARD
from app.ports.platform import Keeping, RunSummary, Store
from app.runs.each_run import each_run
from app.runs.moving import move, say_again
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState

_RECENT = 3  # ended onboarding runs that may have heard a job which comes again


class Installations:
    """Follows installations and repositories for the dispatcher: it looks, decides, and acts."""

    def __init__(
        self,
        open_ledger: Callable[[str], RunLedger],
        store: Store,
        reader: InstallationReader,
        keeping: Keeping,
        *,
        clone_url: Callable[[str], str],
        prefix: str,
    ) -> None:
        self._open = open_ledger
        self._store = store
        self._reader = reader
        self._keeping = keeping
        self._clone_url = clone_url
        self._prefix = prefix

    def attend(self, job: Job, run_id: str) -> None:
        """Do a job that `is_about_installations`; `run_id` names the onboarding run it may begin.

        Raises TransientError when GitHub is away.
        """
        found = consequences(job, self._reader.at(job))
        log.event("installation.seen", delivery=job.id, trigger=job.trigger, stops=len(found.stops))
        self._do(found, job)
        if found.sets_up is not None:
            self._set_up(job, *found.sets_up, run_id)

    def _do(self, found: Consequences, job: Job) -> None:
        homes = {run.run_id: home for run, home in found.moves}

        def follow(run: RunSummary) -> bool:
            return move(self._open(run.run_id), homes[run.run_id], self._clone_url)

        each_run(found.stops, lambda run: steering.cancel(job, found.why, self._open(run.run_id)))
        each_run([run for run, _ in found.moves], follow)
        for repository_id in found.forgets:
            self._keeping.forget(repository_id)
        installation_id = job.thread.installation_id
        each_run(found.says_again, lambda run: say_again(self._open(run.run_id), installation_id, self._clone_url))

    def _set_up(self, job: Job, thread: Thread, wanted: tuple[int, ...], run_id: str) -> None:
        """Ask the installation's onboarding run for these repositories (none: all); begin one when none is active."""
        known = self._store.runs(thread_key=thread.key, limit=_RECENT)
        if any(_has_heard(self._open(run.run_id).state, job) for run in known):
            return
        begun = request_of(
            job._replace(thread=thread),
            playbook=ONBOARD.name,
            names=names_of(BOT_DEFAULTS, self._prefix),
            task=Task(title=f"Set up the repositories of {thread.repository}"),
        )
        for candidate in (*(run.run_id for run in known if run.phase != "ended"), run_id):
            ledger = self._open(candidate)
            if candidate == run_id:
                ledger.append_if(lambda state: state.seq == 0, begun)
            ask = OnboardingAsked(by=job.sender.login, repositories=list(wanted), delivery=job.id)
            if ledger.append_if(lambda state: state.is_active, ask):
                return  # else it ended just now: the next one takes it


def _has_heard(state: RunState, job: Job) -> bool:
    return any(ask.delivery == job.id for ask in state.onboarding.asks)
