"""The store as a worker may use it: its own run's ledger, contents, its own lease. Nothing else, and in its own name.

On one machine this keeps an honest worker honest. A worker that was taken over goes past it: on AWS the role's policy
holds it (template.yaml), and wherever the author of an event is known, the readers do (`app.events`).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.events import WORKER
from app.ledger import Event
from app.ports.platform import RunStore, RunSummary
from app.runs.lease import lease_key
from app.runs.stored_event import said_by


class NotIts(Exception):
    """A worker reached for what is not its own: a defect of ours, or a worker that was taken over."""


class WorkerStore:
    """Implements `ports.RunStore` for the worker of one run. What is not its own raises NotIts and changes nothing."""

    def __init__(self, store: RunStore, run_id: str) -> None:
        self._store = store
        self._run_id = run_id

    def append(self, run_id: str, expected_seq: int, events: Sequence[Event], summary: RunSummary) -> None:
        """As the port says, for kinds that a worker may say; they are stored as the worker's."""
        self._own(run_id)
        self._own(summary.run_id)
        said = [said_by(WORKER, event) for event in events]
        for event in said:
            if not event.is_rightful:
                raise NotIts(f"{event.kind}: it {event.objection}")
        self._store.append(run_id, expected_seq, said, summary)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        self._own(run_id)
        return self._store.events(run_id, after)

    def put_blob(self, data: bytes) -> str:
        return self._store.put_blob(data)

    def get_blob(self, digest: str) -> bytes:
        return self._store.get_blob(digest)

    def claim(self, key: str, owner: str, *, ttl_seconds: float) -> bool:
        self._lease(key)
        return self._store.claim(key, owner, ttl_seconds=ttl_seconds)

    def release(self, key: str, owner: str) -> None:
        self._lease(key)
        self._store.release(key, owner)

    def _own(self, run_id: str) -> None:
        if run_id != self._run_id:
            raise NotIts(f"the worker of {self._run_id} reached for run {run_id}")

    def _lease(self, key: str) -> None:
        if key != lease_key(self._run_id):
            raise NotIts(f"the worker of {self._run_id} reached for the claim {key}")
