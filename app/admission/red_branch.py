"""What is known to be red on the default branch: what the last run said that read its checks."""

from __future__ import annotations

from app.checkpoints import branch_text
from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure
from app.jobs.job import Job, Thread
from app.ports.platform import Store
from app.runs.state import fold

_MOST = 5  # runs of a thread that are looked at, the newest first


def last_reading(store: Store, thread: Thread) -> ChecksRead | None:
    """The newest reading of the default branch of the thread's repository; None when it never was, or long ago."""
    return last_on(store, thread._replace(number=0))


def last_on(store: Store, thread: Thread) -> ChecksRead | None:
    """The newest reading of checks that the thread shows: a pull request's, or with number 0 the default branch's."""
    rows = store.runs(active=False, thread_key=thread.key, limit=_MOST)
    readings = (fold(row.run_id, store.events(row.run_id)).checks for row in rows if row.reason == "diagnosed")
    return next((read for read in readings if read), None)


def cause_on(store: Store, job: Job, bot_login: str) -> list[CheckFailure]:
    """What failed on the default branch, where the job is about an issue of ours that says so; at most one."""
    signature = branch_text.signature_in(job.source.body) if job.source.author == bot_login else ""
    read = last_reading(store, job.thread) if signature else None
    return [failure for failure in ((*read.failures, *read.carried) if read else ()) if failure.signature == signature]


def is_red(read: ChecksRead | None) -> bool:
    """Whether something failed there and has not passed since."""
    return read is not None and bool(read.failures or read.carried)
