"""What becomes of runs when the App is installed, removed or suspended, or a repository changes as a whole.

An event only says when to look: what GitHub says now decides. So it does not matter how often and in which order the
events come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app import log
from app.admission.github_facts import BOT_DEFAULTS, names_of
from app.admission.request import request_of
from app.checkpoints.welcome import is_ours
from app.conversation import steering
from app.events.deciding import Task
from app.events.publishing import OnboardingAsked
from app.github import repositories
from app.github.access import Access
from app.github.errors import NotFound
from app.jobs.job import Job, Thread
from app.playbooks import ONBOARD
from app.ports.platform import Keeping, RunSummary, Store
from app.runs.each_run import each_run
from app.runs.moving import move
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState

_RECENT = 3  # ended onboarding runs that may have heard a job which comes again
_UNSAID = 200  # ended runs that are looked through for news that could not be shown

_GONE = {"removed": "the App was removed", "suspended": "the App was suspended"}


def is_about_installations(job: Job) -> bool:
    """Whether the job is about an installation or a repository as a whole, and not about a thread."""
    return job.trigger.startswith(("installation.", "installation_", "repository."))


class Installations:
    """Follows installations and repositories for the dispatcher."""

    def __init__(
        self,
        open_ledger: Callable[[str], RunLedger],
        store: Store,
        access: Access,
        keeping: Keeping,
        *,
        clone_url: Callable[[str], str],
        bot_login: str,
        prefix: str,
    ) -> None:
        self._open = open_ledger
        self._store = store
        self._access = access
        self._keeping = keeping
        self._clone_url = clone_url
        self._bot = bot_login
        self._prefix = prefix

    def attend(self, job: Job, run_id: str) -> None:
        """Do a job that `is_about_installations`; `run_id` names the onboarding run it may begin.

        Raises TransientError when GitHub is away.
        """
        if not job.thread.installation_id:
            log.event("installation.ignored", delivery=job.id, trigger=job.trigger)
        elif job.thread.repository_id:
            self._repository(job, run_id)
        else:
            self._installation(job, run_id)

    def switched_off(self, job: Job) -> list[RunSummary]:
        """The runs that end because `agent:off` was put on the repository's onboarding issue; none for other labels."""
        if not job.trigger.startswith("issues.labeled:"):
            return []
        if job.source.author != self._bot or not is_ours(job.source.body):
            return []
        return self._in_repository(job.thread.repository_id)

    # ------------------------------------------------------------ the App on an account

    def _installation(self, job: Job, run_id: str) -> None:
        standing = self._access.standing(job.thread.installation_id, is_new=job.action == "start")
        if standing != "active":
            self._stop(job, _GONE[standing], self._of(job.thread.installation_id))
            if standing == "removed":
                self._forget(job.thread, is_all=True)
        elif job.action == "start":
            self._set_up(job, job.thread, job.repositories, run_id)
            self._say_what_was_left_unsaid(job.thread)
        else:
            others = [run for run in self._of(job.thread.installation_id) if run.thread_key != job.thread.key]
            each_run(others, lambda run: self._look_after(job, run, "the repository was taken away from the App"))
            self._forget(job.thread, is_all=False)

    def _forget(self, thread: Thread, *, is_all: bool) -> None:
        """Drop what is kept of the installation's repositories: of all, or of those that are out of reach."""
        for repository_id in self._keeping.kept_of(thread.installation_id):
            if is_all or self._access.whereabouts(thread._replace(repository_id=repository_id)) is None:
                self._keeping.forget(repository_id)

    def _of(self, installation_id: int) -> list[RunSummary]:
        return [run for run in self._store.runs(active=True, limit=None) if run.installation_id == installation_id]

    def _stop(self, job: Job, why: str, runs: Sequence[RunSummary]) -> None:
        each_run(runs, lambda run: steering.cancel(job, why, self._open(run.run_id)))

    def _look_after(self, job: Job, run: RunSummary, why: str) -> None:
        """Follow the run's repository to its name of today, or stop the run when it is out of reach."""
        ledger = self._open(run.run_id)
        thread = ledger.state.created.thread
        name = self._access.whereabouts(thread)
        if name is None:
            self._stop(job, why, [run])
        else:
            move(ledger, thread._replace(repository=name), self._clone_url)

    # ------------------------------------------------------------ a repository as a whole

    def _repository(self, job: Job, run_id: str) -> None:
        runs = self._in_repository(job.thread.repository_id)
        if job.action == "start":
            account = job.thread.repository.partition("/")[0]
            whole = job.thread._replace(repository_id=0, repository=account)
            self._set_up(job, whole, (job.thread.repository_id,), run_id)
        elif job.action == "steer":
            # a new owner may mean a new installation: that of the event
            each_run(runs, lambda run: move(self._open(run.run_id), job.thread, self._clone_url))
        else:
            name = self._access.whereabouts(job.thread)
            if name is None:
                self._keeping.forget(job.thread.repository_id)
            if runs and not self._is_writable(job.thread, name):
                self._stop(job, f"the repository was {job.trigger.partition('.')[2]}", runs)

    def _in_repository(self, repository_id: int) -> list[RunSummary]:
        active = self._store.runs(active=True, limit=None)
        return [run for run in active if run.thread_key.startswith(f"{repository_id}#")]

    def _is_writable(self, thread: Thread, name: str | None) -> bool:
        if name is None:
            return False
        try:
            with self._access.asking(thread) as github:
                return not repositories.repository(github, name).archived
        except NotFound:
            return False

    # ------------------------------------------------------------ onboarding

    def _set_up(self, job: Job, thread: Thread, wanted: Sequence[int], run_id: str) -> None:
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

    def _say_what_was_left_unsaid(self, thread: Thread) -> None:
        """Runs ended while GitHub let us show nothing; their comments still say that work goes on. An App that was
        removed and installed again has another number, so they are known by the account as well.
        """
        account = f"{thread.repository}/".lower()
        ended = self._store.runs(active=False, limit=_UNSAID)
        ours = [
            run
            for run in ended
            if run.installation_id == thread.installation_id or run.repository.lower().startswith(account)
        ]
        each_run(ours, lambda run: self._say_again(self._open(run.run_id), thread.installation_id))

    def _say_again(self, ledger: RunLedger, installation_id: int) -> None:
        if ledger.events[-1].kind == "publish.abandoned":
            place = ledger.state.created.thread
            move(ledger, place._replace(installation_id=installation_id), self._clone_url)
            ledger.announce()


def _has_heard(state: RunState, job: Job) -> bool:
    return any(ask.delivery == job.id for ask in state.onboarding.asks)
