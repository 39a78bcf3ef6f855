"""The warm pool: workers that wait for one run each, so that nobody waits for Fargate to pull an image.

All of it is claims in the store, of the control side alone: a worker asks the broker, which knows from ECS which task
asks and for which place it was started, so that none can take another's place or give itself a run. Worker and
launcher meet in the claim `assigned:WORKER`: whoever makes it first decides, so that a worker that leaves and a
launcher that assigns never miss one another.

    warm:SLOT          → worker    this worker waits; renewed while it does
    warming:SLOT       → starter   somebody has started a worker for this place
    assigned:WORKER    → "RUN ATTEMPT", or "gone" when the worker has left
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from app import log
from app.errors import TransientError
from app.ports.platform import Clock, Store

TTL_SECONDS = 30.0  # a worker that died holds its place this long
START_SECONDS = 240.0  # for the image pull, measured elsewhere at 53 to 62 s for 413 MB
WAIT_SECONDS = 3600.0  # then the worker makes room for a younger one, which may be of a newer image
_LOOK_SECONDS = 1.0
_RENEW_SECONDS = 10.0
_REMEMBERED_SECONDS = 30 * 86_400.0
_GONE = "gone"

Run = tuple[str, int]  # its id, and which attempt


class Place(Protocol):
    """One worker's place in the pool. Every call raises TransientError when the other side is away."""

    def take(self) -> bool:
        """Wait here from now on, or still; False when another does."""

    def given(self) -> Run | None:
        """The run that was assigned to this worker."""

    def leave(self) -> Run | None:
        """Wait no longer; the run, when a launcher was faster."""


class StoredPlace(NamedTuple):
    """Implements `Place` on the control side. `worker` is a task's ARN."""

    store: Store
    slot: int
    worker: str

    def take(self) -> bool:
        if not self.store.claim(_warm(self.slot), self.worker, ttl_seconds=TTL_SECONDS):
            return False
        if starter := self.store.claimed_by(_warming(self.slot)):
            self.store.release(_warming(self.slot), starter)
        return True

    def given(self) -> Run | None:
        return assigned(self.store, self.worker)

    def leave(self) -> Run | None:
        self.store.release(_warm(self.slot), self.worker)
        if self.store.claim(_assigned(self.worker), _GONE, ttl_seconds=_REMEMBERED_SECONDS):
            return None
        return self.given()


def place_of(task: Mapping[str, Any]) -> int | None:
    """The place that a task was started for, as DescribeTasks tells of it; None for a task that has its run."""
    for override in (task.get("overrides") or {}).get("containerOverrides") or []:
        command = override.get("command") or []
        if len(command) == 3 and command[:2] == ["work", "--warm"] and str(command[2]).isdigit():
            return int(command[2])
    return None


def missing(store: Store, size: int, owner: str) -> Iterator[int]:
    """The places nobody waits in and nobody is on the way to; each is reserved for `owner`, who starts a worker."""
    for slot in range(size):
        if store.claimed_by(_warm(slot)) is None and store.claim(_warming(slot), owner, ttl_seconds=START_SECONDS):
            yield slot


def give_up(store: Store, slot: int, owner: str) -> None:
    """The worker for this place could not be started."""
    store.release(_warming(slot), owner)


def assign(store: Store, size: int, run_id: str, attempt: int) -> str | None:
    """Give the run to a worker that waits, and return its name (a task's ARN); None when none does."""
    for slot in range(size):
        worker = store.claimed_by(_warm(slot))
        if worker and store.claim(_assigned(worker), f"{run_id} {attempt}", ttl_seconds=_REMEMBERED_SECONDS):
            store.release(_warm(slot), worker)
            return worker
    return None


def assigned(store: Store, worker: str) -> Run | None:
    """What a worker was given."""
    given = store.claimed_by(_assigned(worker))
    if given is None or given == _GONE:
        return None
    run_id, _, attempt = given.rpartition(" ")
    return run_id, int(attempt)


def wait(place: Place, clock: Clock, *, leaving: Callable[[], bool] = lambda: False) -> Run | None:
    """Wait in `place` for a run; None when another waits there, the time is up, or the worker is to leave.

    Raises TransientError when the other side is away at the beginning or at the end; in between it waits on.
    """
    if not place.take():
        return None
    since = renewed = clock.now()
    while not leaving() and (clock.now() - since).total_seconds() < WAIT_SECONDS:
        try:
            if given := place.given():
                return given
            if (clock.now() - renewed).total_seconds() >= _RENEW_SECONDS:
                renewed = clock.now()
                if not place.take():
                    break
        except TransientError as error:
            log.event("warm.store_away", level=log.WARNING, reason=str(error))
        clock.sleep(_LOOK_SECONDS)
    return place.leave()


def _warm(slot: int) -> str:
    return f"warm:{slot}"


def _warming(slot: int) -> str:
    return f"warming:{slot}"


def _assigned(worker: str) -> str:
    return f"assigned:{worker}"
