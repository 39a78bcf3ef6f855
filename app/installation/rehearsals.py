"""Asking for a rehearsal of a repository that has just been welcomed, where the App is on few."""

from __future__ import annotations

from app.config.repo_config import RepoConfig
from app.github import repositories
from app.github.access import Access
from app.jobs.job import ONBOARDING_TRIGGER, Command, Job, Source, Thread
from app.playbooks import REHEARSE
from app.ports.platform import Clock, Outbox
from app.runs.state.run_state import RunState

MOST_REPOSITORIES = 20  # of an installation; on more it would be hours of work that nobody has asked for


class Rehearsals:
    """For one visit: how many repositories there are is asked once."""

    def __init__(self, access: Access, jobs: Outbox, clock: Clock) -> None:
        self._access = access
        self._jobs = jobs
        self._clock = clock
        self._few: bool | None = None

    def are_wanted(self, state: RunState, config: RepoConfig) -> bool:
        """Where a person gave access, in whose name it is asked. Raises TransientError when GitHub is away."""
        asker = state.created.requester
        return asker.type == "User" and config.allows(REHEARSE) and self._is_on_few(state.created.thread)

    def ask(self, state: RunState, thread: Thread) -> None:
        """For the repository of `thread`, which is its onboarding issue; asked twice is asked once.

        What whoever gave access may ask for here is looked at as always. Raises TransientError: the queue is away.
        """
        asker, verb = state.created.requester, REHEARSE.verbs[0].name
        job = Job(
            id=f"rehearse-{state.run_id}-{thread.repository_id}",
            action="start",
            reason="The App was installed here.",
            trigger=ONBOARDING_TRIGGER,
            thread=thread,
            sender=asker,
            received_at=self._clock.now(),
            commands=(Command(verb=verb),),
            source=Source(title=f"Rehearse the tests of {thread.repository}", author=asker.login),
        )
        self._jobs.send(job.to_json(), group=thread.key, dedup_id=job.id)

    def _is_on_few(self, thread: Thread) -> bool:
        if self._few is None:
            with self._access.listing(thread.installation_id) as github:
                found = repositories.reachable(github, limit=MOST_REPOSITORIES + 1)
                self._few = sum(1 for _ in found) <= MOST_REPOSITORIES
        return self._few
