"""What is known to be red on the default branch: what the last run said that read its checks."""

from __future__ import annotations

from app.events.deciding import ChecksRead
from app.jobs.job import Thread
from app.ports.platform import Store
from app.runs.state import fold

_MOST = 5  # runs about the repository as a whole that are looked at, the newest first


def last_reading(store: Store, thread: Thread) -> ChecksRead | None:
    """The newest reading of the default branch of the thread's repository; None when it never was, or long ago."""
    rows = store.runs(active=False, thread_key=thread._replace(number=0).key, limit=_MOST)
    readings = (fold(row.run_id, store.events(row.run_id)).checks for row in rows if row.reason == "diagnosed")
    return next((read for read in readings if read and read.branch), None)


def is_red(read: ChecksRead | None) -> bool:
    """Whether something failed there and has not passed since."""
    return read is not None and bool(read.failures or read.carried)
