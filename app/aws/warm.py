"""The warm pool: workers that wait for one run each, so that nobody waits for Fargate to pull an image.

All of it is claims in the store. Worker and launcher meet in the claim `assigned:WORKER`: whoever makes it first
decides, so that a worker that leaves and a launcher that assigns never miss one another.

    warm:SLOT          → worker    this worker waits; renewed while it does
    warming:SLOT       → starter   somebody has started a worker for this place
    assigned:WORKER    → "RUN ATTEMPT", or "gone" when the worker has left
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from urllib.request import urlopen

from app import log
from app.errors import TransientError, UserError
from app.ports.platform import Clock, Store

TTL_SECONDS = 30.0  # a worker that died holds its place this long
START_SECONDS = 240.0  # for the image pull, measured elsewhere at 53 to 62 s for 413 MB
WAIT_SECONDS = 3600.0  # then the worker makes room for a younger one, which may be of a newer image
_LOOK_SECONDS = 1.0
_RENEW_SECONDS = 10.0
_REMEMBERED_SECONDS = 30 * 86_400.0
_GONE = "gone"


def own_name() -> str:
    """The ARN of the task this process runs in. Raises UserError elsewhere."""
    endpoint = os.environ.get("ECS_CONTAINER_METADATA_URI_V4", "")
    if not endpoint.startswith("http"):
        raise UserError("A warm worker runs as a task on ECS; here it would wait for ever.")
    try:
        with urlopen(f"{endpoint}/task", timeout=5) as answer:  # noqa: S310 - the address is ECS's own
            return str(json.load(answer)["TaskARN"])
    except (OSError, ValueError, KeyError) as error:
        raise TransientError(f"ECS does not tell this task's name ({type(error).__name__})") from error


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


def assigned(store: Store, worker: str) -> tuple[str, int] | None:
    """What a worker was given."""
    given = store.claimed_by(_assigned(worker))
    if given is None or given == _GONE:
        return None
    run_id, _, attempt = given.rpartition(" ")
    return run_id, int(attempt)


def wait(
    store: Store, clock: Clock, slot: int, worker: str, *, leaving: Callable[[], bool] = lambda: False
) -> tuple[str, int] | None:
    """Wait in place `slot` for a run; None when the place is taken, the time is up, or the worker is to leave.

    Raises TransientError when the store is away at the beginning or at the end; in between it waits on.
    """
    if not store.claim(_warm(slot), worker, ttl_seconds=TTL_SECONDS):
        return None
    starter = store.claimed_by(_warming(slot))
    if starter:
        store.release(_warming(slot), starter)
    since = renewed = clock.now()
    while not leaving() and (clock.now() - since).total_seconds() < WAIT_SECONDS:
        try:
            if given := assigned(store, worker):
                return given
            if (clock.now() - renewed).total_seconds() >= _RENEW_SECONDS:
                renewed = clock.now()
                if not store.claim(_warm(slot), worker, ttl_seconds=TTL_SECONDS):
                    break
        except TransientError as error:
            log.event("warm.store_away", level=log.WARNING, slot=slot, reason=str(error))
        clock.sleep(_LOOK_SECONDS)
    store.release(_warm(slot), worker)
    if store.claim(_assigned(worker), _GONE, ttl_seconds=_REMEMBERED_SECONDS):
        return None
    return assigned(store, worker)  # a launcher was faster


def _warm(slot: int) -> str:
    return f"warm:{slot}"


def _warming(slot: int) -> str:
    return f"warming:{slot}"


def _assigned(worker: str) -> str:
    return f"assigned:{worker}"
