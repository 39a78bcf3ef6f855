"""Where the checks of a commit belong for which GitHub names no pull request: of forks, statuses, default branches."""

from __future__ import annotations

from collections.abc import Sequence

from app import log
from app.admission.red_branch import is_red, last_on, last_reading
from app.errors import UserError
from app.github import pulls, repositories
from app.github.access import Access
from app.jobs.job import Job, Thread
from app.ports.platform import Store

_REMEMBERED_SECONDS = 120.0  # a storm of one commit asks once; a pull request may be opened later
_MOST_PULLS = 3  # of one commit
_NOWHERE = "nowhere"


class ChecksPlace:
    """Finds the threads of a commit: the open pull requests whose head it is, and number 0 for the default branch."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def of(self, job: Job) -> Sequence[Job]:
        """One job for each thread that it is about; none when nobody looks at its branch.

        Raises TransientError when GitHub is away.
        """
        if not job.is_by_checks:
            return [job]
        if job.thread.number:
            return [job] if self._is_news(job) else []
        if job.is_green and not job.has_run_again and not self._is_news(job):
            return []
        try:
            numbers = self._numbers(job)
        except UserError as error:  # nobody waits for a word
            log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger, reason=str(error))
            return []
        if not numbers:
            reason = f"{job.commit[:7]} is the head of no open pull request, and not on the default branch"
            log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger, reason=reason)
        threads = [job.thread._replace(number=number, is_pull_request=number > 0) for number in numbers]
        placed = [job._replace(thread=thread) for thread in threads]
        return [one for one in placed if self._is_news(one)]

    def _is_news(self, job: Job) -> bool:
        """Whether there is something to read: of checks that passed only where others are known to be red."""
        if not job.is_green:
            return True
        if not job.thread.number:
            return is_red(last_reading(self._store, job.thread))
        read = last_on(self._store, job.thread)
        return is_red(read) and read is not None and read.sha == job.commit

    def _numbers(self, job: Job) -> Sequence[int]:
        key = f"checks-of:{job.thread.repository_id}:{job.commit}"
        known = self._store.claimed_by(key)
        if known is None:
            found = self._look(job.thread, job.commit)
            known = ",".join(map(str, found)) or _NOWHERE
            self._store.claim(key, known, ttl_seconds=_REMEMBERED_SECONDS)
        return [] if known == _NOWHERE else [int(number) for number in known.split(",")]

    def _look(self, thread: Thread, sha: str) -> Sequence[int]:
        with self._access.asking(thread) as github:
            found = [pull.number for pull in pulls.of_head(github, thread.repository, sha)][:_MOST_PULLS]
            branch = repositories.repository(github, thread.repository).default_branch
            is_there = sha in repositories.line_of(github, thread.repository, branch)
        return [*found, *([0] if is_there else [])]
