"""Events about a thread come late, twice and out of order: what GitHub shows decides whether one still holds.

GitHub's reads lag behind its events by seconds, so a read that contradicts an event is believed only when the event
is old enough to be in it. The same goes for a read that agrees with an event whose opposite arrived just before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app import log
from app.errors import TransientError
from app.github import issues, pulls
from app.github.access import Access
from app.github.client import GitHub
from app.github.errors import Refused
from app.jobs.job import Job
from app.ports.platform import Clock, Store

SETTLE_SECONDS = 15.0  # after which a read shows what an event told of; as long as a list may lag
_OFF = "agent:off"


def _is_closed(github: GitHub, repo: str, number: int, _: str) -> bool:
    return not issues.issue(github, repo, number).is_open


def _is_locked(github: GitHub, repo: str, number: int, _: str) -> bool:
    return issues.issue(github, repo, number).is_locked


# By event: whether GitHub shows what it said; last what stands behind the event's name, a label or a branch.
_SHOWN: Mapping[str, Callable[[GitHub, str, int, str], bool]] = {
    "issues.labeled": lambda github, repo, number, label: issues.issue(github, repo, number).has_label(label),
    "issues.unlabeled": lambda github, repo, number, label: not issues.issue(github, repo, number).has_label(label),
    "issues.closed": _is_closed,
    "issues.locked": _is_locked,
    "pull_request.closed": _is_closed,
    "pull_request.locked": _is_locked,
    "pull_request.edited": lambda github, repo, number, base: pulls.pull(github, repo, number).base_ref == base,
}


class StaleEvents:
    """Compares events about a label, a close, a lock or a retarget with the thread as GitHub shows it."""

    def __init__(self, access: Access, store: Store, clock: Clock) -> None:
        self._access = access
        self._store = store
        self._clock = clock

    def still_holds(self, job: Job) -> bool:
        """Whether GitHub shows what the event said; True for everything else than the events this is about.

        Raises TransientError while it is too early to tell, and when GitHub is away.
        """
        kind, _, label = job.trigger.partition(":")
        if kind not in _SHOWN:
            return True
        try:
            with self._access.asking(job.thread, since=job.received_at) as github:
                shown = _SHOWN[kind](github, job.thread.repository, job.thread.number, label)
        except Refused as error:  # nothing to compare with: whoever acts on the event is told the same, and says so
            log.event("late_events.not_asked", delivery=job.id, reason=str(error))
            return True
        age = (self._clock.now() - job.received_at).total_seconds()
        if age < SETTLE_SECONDS and (not shown or self._was_contradicted(job)):
            raise TransientError(
                f"GitHub does not show yet what became of {job.trigger}",
                retry_after_seconds=SETTLE_SECONDS - max(0.0, age),
            )
        if not shown:
            log.event("late_events.outdated", delivery=job.id, trigger=job.trigger)
        return shown

    def remember(self, job: Job) -> None:
        """A label event was heard and nothing came of it: one of the opposite kind has to look twice for a while."""
        if key := _key(job):
            self._store.claim(key, "heard", ttl_seconds=SETTLE_SECONDS)

    def _was_contradicted(self, job: Job) -> bool:
        key = _key(job, opposite=True)
        return bool(key) and self._store.claimed_by(key) is not None


def _key(job: Job, *, opposite: bool = False) -> str:
    kind, _, label = job.trigger.partition(":")
    if kind not in {"issues.labeled", "issues.unlabeled"}:
        return ""
    is_on = (kind == "issues.labeled") != opposite
    return f"label:{'on' if is_on else 'off'}:{job.thread.key}:{label.lower()}"
