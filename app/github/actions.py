"""GitHub Actions: what is known of a job, and its log, which GitHub keeps elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.failures import Job, Step
from app.github.client import PAGE_SIZE, GitHub, place
from app.github.errors import Refused
from app.github.records import number

MOST_BYTES = 8 * 2**20  # of one log, its end where it is longer
_PIECE = 256 * 1024
_GONE = {403, 404, 410}  # the link is good for a minute, the log for the repository's retention


@dataclass(frozen=True, kw_only=True)
class Log:
    """`is_whole` is False where only the end of a long log was fetched."""

    pieces: Iterator[bytes]
    is_whole: bool


def job(github: GitHub, repo: str, job_id: int) -> Job | None:
    """The job of a check run of GitHub Actions, whose id is the same; None when it is not to be seen."""
    try:
        data = github.optional.rest.actions.get_job_for_workflow_run(*place(repo), job_id).json()
    except Refused:  # gone, or the App may not read Actions
        return None
    return Job(
        name=str(data["name"]),
        conclusion=str(data.get("conclusion") or ""),
        steps=tuple(_step(row) for row in data.get("steps") or ()),
    )


@dataclass(frozen=True, kw_only=True)
class WorkflowRun:
    id: int
    attempt: int  # its newest, from 1


def workflow_run(github: GitHub, repo: str, run_id: int) -> WorkflowRun:
    """As its newest attempt is."""
    return _workflow_run(github.rest.actions.get_workflow_run(*place(repo), run_id).json())


def failed_runs(github: GitHub, repo: str, sha: str) -> list[WorkflowRun]:
    """Those of a commit whose newest attempt has failed; none where the App may not read Actions."""
    owner, name = place(repo)
    try:
        first = github.optional.rest.actions.list_workflow_runs_for_repo(
            owner, name, head_sha=sha, status="failure", per_page=PAGE_SIZE
        )
        return [_workflow_run(row) for row in github.items(first, key="workflow_runs", limit=PAGE_SIZE)]
    except Refused:
        return []


def failed_jobs(github: GitHub, repo: str, run_id: int) -> set[str]:
    """The names of the jobs that failed in the newest attempt of a workflow run."""
    first = github.rest.actions.list_jobs_for_workflow_run(*place(repo), run_id, per_page=PAGE_SIZE)
    rows = github.items(first, key="jobs", limit=PAGE_SIZE)
    return {str(row["name"]) for row in rows if row.get("conclusion") in {"failure", "timed_out"}}


def rerun_failed(github: GitHub, repo: str, run_id: int) -> None:
    """Begin a new attempt. Not idempotent: look at the attempt's number before."""
    github.rest.actions.re_run_workflow_failed_jobs(*place(repo), run_id)


def _workflow_run(data: Any) -> WorkflowRun:
    return WorkflowRun(id=number(data, "id"), attempt=number(data, "run_attempt"))


@contextmanager
def log(github: GitHub, repo: str, job_id: int) -> Iterator[Log | None]:
    """A job's log in pieces, while the block lasts; None when it is gone or not to be read. Raises TransientError.

    GitHub answers with a link to a storage of its own, which refuses whoever shows it our token.
    """
    try:
        answer = github.optional.rest.actions.download_job_logs_for_workflow_run(*place(repo), job_id)
    except Refused:
        yield None
        return
    with github.elsewhere() as storage:
        link = answer.headers["location"]
        with storage.stream("GET", link) as whole:
            if whole.status_code in _GONE or not whole.is_success:
                yield None
                return
            size = int(whole.headers.get("content-length") or 0)
            if size <= MOST_BYTES:
                yield Log(pieces=_at_most(whole.iter_bytes(_PIECE)), is_whole=True)
                return
        headers = {"Range": f"bytes={size - MOST_BYTES}-{size - 1}"}
        with storage.stream("GET", link, headers=headers) as end:
            yield Log(pieces=_at_most(end.iter_bytes(_PIECE)), is_whole=False) if end.is_success else None


def _at_most(pieces: Iterator[bytes]) -> Iterator[bytes]:
    read = 0
    for piece in pieces:
        read += len(piece)
        yield piece
        if read >= MOST_BYTES:
            return


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        name=str(row.get("name") or ""),
        conclusion=str(row.get("conclusion") or ""),
        started_at=_time(row.get("started_at")),
        completed_at=_time(row.get("completed_at")),
    )


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
