"""Our own open pull requests that conflict with their base, where the repository wants that to be resolved unasked.

No event says that a pull request has come to conflict: whatever is pushed to its base may do it. So each installation's
open pull requests of ours are looked at now and then. One that GitHub calls dirty becomes a job, once for each commit
of its base. Where `keep_mergeable` is off, which it is at first, that costs a search for the installation, and for each
repository with an open pull request of ours one read of its configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from app import log
from app.admission.github_facts import configuration, organisation_defaults
from app.github import pulls, repositories
from app.github.access import SEARCH_PULLS, Access
from app.github.app import Installation
from app.github.search import pulls_by
from app.jobs.job import CONFLICT, CONFLICT_TRIGGER, Job, Person, Source, Thread, taken_key
from app.ports.platform import Clock, Outbox, Store
from app.recovery.installations_in_turn import look_through

PULLS = 20  # of one installation that are looked at, the last changed first
_DIRTY = "dirty"  # GitHub's word; `unknown` until it has computed, which is then known at the next look


class ConflictWatch:
    """Looks through a few installations at each look, round and round. `slug` is our App's."""

    def __init__(self, *, access: Access, store: Store, jobs: Outbox, clock: Clock, slug: str) -> None:
        self._access, self._store, self._jobs, self._clock, self._slug = access, store, jobs, clock, slug

    def look(self) -> int:
        """How many jobs were made. Raises TransientError and UserError as GitHub does."""
        return look_through(self._access, self._store, self._at, name="conflicts")

    def _at(self, installation: Installation) -> int:
        with self._access.searching(installation.id, SEARCH_PULLS) as github:
            found = sorted(islice(pulls_by(github, installation.account, self._slug), PULLS))
            ids = {repo: repositories.repository(github, repo).id for repo in {repo for repo, _number in found}}
        made = 0
        for repo, rows in groupby(found, key=lambda row: row[0]):
            thread = Thread(installation_id=installation.id, repository_id=ids[repo], repository=repo, number=0)
            made += sum(1 for _job in self._of(thread, [number for _repo, number in rows]))
        return made

    def _of(self, thread: Thread, numbers: Sequence[int]) -> Iterator[Job]:
        with self._access.organisation(thread) as github:
            defaults = organisation_defaults(github, thread.repository) if github else None
        with self._access.asking(thread) as github:
            config, _source = configuration(github, thread.repository, "HEAD", defaults)
            for number in numbers if config.keep_mergeable else ():
                pull = pulls.pull(github, thread.repository, number)
                base_sha = repositories.branch_sha(github, thread.repository, pull.base_ref)
                if pull.mergeable_state != _DIRTY or not base_sha:
                    continue
                job = self._job(thread._replace(number=number, is_pull_request=True), pull, base_sha)
                if self._store.claimed_by(taken_key(job.id)) is None:
                    self._jobs.send(job.to_json(), group=thread._replace(number=number).key, dedup_id=job.id)
                    log.event("conflicts.found", repository=thread.repository, number=number, base=base_sha)
                    yield job

    def _job(self, thread: Thread, pull: pulls.PullRequest, base_sha: str) -> Job:
        return Job(
            id=f"conflict-{thread.repository_id}-{thread.number}-{base_sha}",
            action="start",
            reason=f"It conflicts with {pull.base_ref} at {base_sha[:7]}.",
            trigger=CONFLICT_TRIGGER,
            thread=thread,
            sender=Person(login=f"{self._slug}[bot]", id=0, type="Bot"),
            received_at=self._clock.now(),
            source=Source(title=pull.title, body=pull.body, author=pull.author, url=pull.url),
            labels=pull.labels,
            gathers=CONFLICT,
        )
