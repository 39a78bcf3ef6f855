"""A worker's lease on its run: the heartbeat that says it is alive, and the ear that hears a cancellation.

The lease is a claim with expiry in the store. When the worker dies it runs out and the schedule starts a new attempt.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType

from app import log
from app.errors import LamplighterError, Superseded
from app.ports.platform import RunStore

TTL_SECONDS = 60.0  # a run is taken for lost one minute after its worker's last heartbeat
_BEAT_SECONDS = 10.0
_LISTEN_SECONDS = 1.0
_GRACE_SECONDS = 30.0  # for the running command, of the 120 that a platform gives after its SIGTERM


def lease_key(run_id: str) -> str:
    return f"worker:{run_id}"


def holder(attempt: int) -> str:
    """What this process calls itself as a lease's owner."""
    return f"{socket.gethostname()}:{os.getpid()}:{attempt}"


def attempt_of(owner: str) -> int:
    """The attempt of a lease's owner; 0 for what is none."""
    number = owner.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


class Lease:
    """Held for the length of a `with`: renews the claim and watches the ledger from a thread of its own.

    `stop_requested` turns true on a cancellation, an end, a newer attempt or a lost lease; `on_stop` is then called
    once, from that thread, so that a command that is still running can be killed.
    """

    def __init__(self, store: RunStore, run_id: str, attempt: int, owner: str) -> None:
        self._store = store
        self._run_id = run_id
        self._attempt = attempt
        self._owner = owner
        self._seen = 0
        self._done = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{run_id}", daemon=True)
        self.on_stop: Callable[[], None] = lambda: None

    @property
    def stop_requested(self) -> bool:
        return self._stop.is_set()

    def request_stop(self) -> None:
        """Ask the worker to leave at the next step (SIGTERM, a Spot warning); a command that runs longer is killed."""
        self._stop.set()

    def give_up(self) -> None:
        """The process ends without leaving the `with`: let another attempt begin at once."""
        self._store.release(lease_key(self._run_id), self._owner)

    def __enter__(self) -> Lease:
        if not self._store.claim(lease_key(self._run_id), self._owner, ttl_seconds=TTL_SECONDS):
            raise Superseded(f"another worker holds run {self._run_id}")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(timeout=5)
        self._store.release(lease_key(self._run_id), self._owner)

    def _beat(self) -> None:
        waited = leaving = 0.0
        while not self._done.wait(_LISTEN_SECONDS):
            waited += _LISTEN_SECONDS
            leaving += _LISTEN_SECONDS if self.stop_requested else 0.0
            try:
                held = True
                if waited >= _BEAT_SECONDS:
                    waited = 0.0
                    held = self._store.claim(lease_key(self._run_id), self._owner, ttl_seconds=TTL_SECONDS)
                if not held or self._called_off() or leaving >= _GRACE_SECONDS:
                    self._stop.set()
                    self.on_stop()
                    return
            except LamplighterError as error:  # the store is away: the next beat tries again
                log.event("lease.beat_failed", error=error, run=self._run_id)

    def _called_off(self) -> bool:
        """Whether the run is over for this attempt; an end that it has gone on from since is none."""
        is_off = False
        for event in self._store.events(self._run_id, after=self._seen):
            self._seen = event.seq
            if not event.is_rightful:
                continue
            if event.kind in {"cancel.requested", "run.ended"}:
                is_off = True
            elif event.kind == "head.moved":
                is_off = False
            elif event.kind == "attempt.started" and event.data["attempt"] > self._attempt:
                return True
        return is_off
