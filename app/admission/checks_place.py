"""Where the checks of a commit belong of which GitHub names no pull request: forks, commit statuses."""

from __future__ import annotations

from collections.abc import Sequence

from app import log
from app.errors import UserError
from app.github import pulls
from app.github.access import Access
from app.jobs.job import Job, Thread
from app.ports.platform import Store

_REMEMBERED_SECONDS = 120.0  # a storm of one commit asks once; a pull request may be opened later
_MOST_PULLS = 3  # of one commit
_NOWHERE = "nowhere"


class ChecksPlace:
    """Finds the threads of a commit: the open pull requests whose head it is."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def of(self, job: Job) -> Sequence[Job]:
        """One job for each thread that it is about; none when the commit is the head of none.

        Raises TransientError when GitHub is away.
        """
        if not job.is_by_checks or job.thread.number:
            return [job]
        if job.is_green:
            return []
        try:
            numbers = self._numbers(job)
        except UserError as error:  # nobody waits for a word
            log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger, reason=str(error))
            return []
        if not numbers:
            reason = f"{job.commit[:7]} is the head of no open pull request"
            log.event("dispatch.ignored", delivery=job.id, trigger=job.trigger, reason=reason)
        threads = [job.thread._replace(number=number, is_pull_request=True) for number in numbers]
        return [job._replace(thread=thread) for thread in threads]

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
        return found
