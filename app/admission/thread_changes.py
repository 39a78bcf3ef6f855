"""What has become of a thread as a whole, as GitHub shows it: its end, and the branches that it stands between."""

from __future__ import annotations

from collections.abc import Mapping

from app import log
from app.checkpoints.thread_changes import Kind, ThreadChange
from app.github import pulls, repositories
from app.github.access import Access
from app.github.client import GitHub
from app.github.errors import Refused
from app.jobs.job import Job

_BY_EVENT: Mapping[str, Kind] = {
    "issues.closed": "issue closed",
    "issues.locked": "issue locked",
    "issues.transferred": "issue moved",
    "issues.deleted": "issue deleted",
    "pull_request.locked": "locked",
}
_OF_PULLS = frozenset({"pull_request.closed", "pull_request.edited"})


class ThreadChanges:
    """Asks GitHub what a job's event has not said."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def of(self, job: Job, base_ref: str) -> ThreadChange | None:
        """What the job is about; None when that is no change of the thread as a whole. `base_ref` is the branch that
        the pull request went to before. Raises TransientError.
        """
        event = job.trigger.partition(":")[0]
        if event not in _OF_PULLS:
            return ThreadChange(kind=_BY_EVENT[event]) if event in _BY_EVENT else None
        try:
            with self._access.asking(job.thread, since=job.received_at) as github:
                return of_pull(github, job.thread.repository, job.thread.number, base_ref)
        except Refused as error:
            log.event("thread_changes.not_asked", delivery=job.id, reason=str(error))
            return ThreadChange(kind="closed")


def of_pull(github: GitHub, repo: str, number: int, base_ref: str) -> ThreadChange | None:
    """What stands against going on with a pull request that went to `base_ref`; None when nothing does."""
    pull = pulls.pull(github, repo, number)
    if pull.merged:
        return ThreadChange(kind="merged")
    if not pull.is_open:
        return ThreadChange(kind="closed") if pull.from_fork else _closed(github, repo, pull.head_ref)
    if base_ref in {"", pull.base_ref}:
        return None
    is_renamed = repositories.branch_name(github, repo, base_ref) == pull.base_ref
    return ThreadChange(kind="base renamed" if is_renamed else "retargeted", was=base_ref, now=pull.base_ref)


def _closed(github: GitHub, repo: str, head_ref: str) -> ThreadChange:
    name = repositories.branch_name(github, repo, head_ref)
    if name == head_ref:
        return ThreadChange(kind="closed")
    return ThreadChange(kind="head renamed" if name else "head deleted", was=head_ref, now=name or "")
