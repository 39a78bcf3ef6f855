"""Looking at an installation or a repository before anything is done about a change of it."""

from __future__ import annotations

from app.checkpoints.welcome import is_ours
from app.github.access import Access
from app.installation.changes import Place, Seen, repository_of
from app.jobs.job import Job, Thread
from app.ports.platform import Keeping, RunSummary, Store

_UNSAID = 200  # ended runs that are looked through for news that could not be shown


class InstallationReader:
    """Asks GitHub and the store; changes nothing."""

    def __init__(self, store: Store, access: Access, keeping: Keeping, bot_login: str) -> None:
        self._store = store
        self._access = access
        self._keeping = keeping
        self._bot = bot_login

    def at(self, job: Job) -> Seen:
        """What `app.installation.changes` decides by, as far as the job needs it. Raises TransientError when GitHub is
        away.
        """
        if not job.thread.installation_id:
            return Seen()
        return self._repository(job) if job.thread.repository_id else self._installation(job)

    def switched_off(self, job: Job) -> list[RunSummary]:
        """The runs that end because `agent:off` was put on the repository's onboarding issue; none for other labels."""
        if not job.trigger.startswith("issues.labeled:"):
            return []
        if job.source.author != self._bot or not is_ours(job.source.body):
            return []
        return self._in_repository(job.thread.repository_id)

    def _installation(self, job: Job) -> Seen:
        thread = job.thread
        standing = self._access.standing(thread.installation_id, is_new=job.action == "start")
        if standing == "active" and job.action == "start":
            return Seen(unsaid=self._ended_of(thread))
        runs = tuple(run for run in self._active() if run.installation_id == thread.installation_id)
        kept = tuple(self._keeping.kept_of(thread.installation_id))
        if standing != "active":
            return Seen(standing=standing, runs=runs, kept=kept)
        others = tuple(run for run in runs if run.thread_key != thread.key)
        wanted = {*kept, *map(repository_of, others)}
        return Seen(runs=others, kept=kept, places={item: self._place(thread, item) for item in sorted(wanted)})

    def _repository(self, job: Job) -> Seen:
        if job.action == "start":
            return Seen()
        repository_id = job.thread.repository_id
        places = {} if job.action == "steer" else {repository_id: self._place(job.thread, repository_id)}
        return Seen(runs=tuple(self._in_repository(repository_id)), places=places)

    def _place(self, thread: Thread, repository_id: int) -> Place | None:
        found = self._access.whereabouts(thread._replace(repository_id=repository_id))
        return Place(name=found.full_name, is_writable=not found.archived) if found else None

    def _active(self) -> list[RunSummary]:
        return self._store.runs(active=True, limit=None)

    def _in_repository(self, repository_id: int) -> list[RunSummary]:
        return [run for run in self._active() if repository_of(run) == repository_id]

    def _ended_of(self, thread: Thread) -> tuple[RunSummary, ...]:
        """Runs that may have ended while GitHub let us show nothing: their comments still say that work goes on. An App
        that was removed and installed again has another number, so they are known by the account as well.
        """
        account = f"{thread.repository}/".lower()
        return tuple(
            run
            for run in self._store.runs(active=False, limit=_UNSAID)
            if run.installation_id == thread.installation_id or run.repository.lower().startswith(account)
        )
