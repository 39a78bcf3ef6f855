"""The pool of workers that wait for a run: none unless asked for, one run each."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.aws import warm
from app.aws.stopped import stopped
from tests.aws.tasks import Task
from tests.clock import HastyClock, HeldClock
from tests.contracts.launcher.conftest import CLOUD
from tests.contracts.launcher.looking import is_running
from tests.waiting import BUSY_SECONDS, until

pytestmark = pytest.mark.aws


@pytest.fixture
def platform(fargate):
    return fargate


# A worker that says where it waits; the claims are made by the test in its place.
WAITS = "import time; print('waiting', flush=True); time.sleep(60)"


def _place(platform, worker: str) -> warm.StoredPlace:
    return warm.StoredPlace(platform.store, 0, worker)


def _warm_tasks(platform) -> list[Task]:
    return [task for task in platform.ecs.tasks.values() if task.command()[:2] == ["work", "--warm"]]


def test_no_worker_is_kept_warm_unless_asked_for(platform):
    launcher = platform.launcher()
    assert launcher.keep_warm() == 0
    assert platform.ecs.tasks == {}


def test_missing_warm_workers_are_started_once(platform):
    launchers = [platform.launcher(WAITS, warm_workers=3) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda launcher: launcher.keep_warm(), launchers)) == 3
    assert sorted(task.command()[2] for task in _warm_tasks(platform)) == ["0", "1", "2"]
    assert launchers[0].keep_warm() == 0


def test_a_warm_worker_takes_the_run_and_is_replaced(platform):
    launcher = platform.launcher(WAITS, warm_workers=1)
    launcher.keep_warm()
    (waiting,) = _warm_tasks(platform)
    given: list = []
    thread = threading.Thread(
        target=lambda: given.append(warm.wait(_place(platform, waiting.arn), platform.clock)), daemon=True
    )
    thread.start()
    until(lambda: platform.store.claimed_by("warm:0") == waiting.arn)
    for _ in range(2):
        launcher.start("run", 1)
    thread.join(BUSY_SECONDS)
    assert given == [("run", 1)]
    assert is_running(launcher, "run")
    assert platform.ecs.of("run") == []  # no task of its own
    # At once, or when the clock looks next: a worker that renewed its place as it was given the run still holds it.
    until(lambda: launcher.keep_warm() is not None and len(_warm_tasks(platform)) == 2)
    told: list[dict] = []
    platform.ecs.on_stopped = told.append
    launcher.stop("run")
    until(lambda: is_running(launcher, "run") is False)
    until(lambda: told)
    assert stopped(told[0], CLOUD, platform.store)[:2] == ("run", 1)


def test_one_warm_worker_gets_one_run(platform):
    launcher = platform.launcher(WAITS, warm_workers=1)
    platform.store.claim("warm:0", "arn:of:a-worker", ttl_seconds=30)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: launcher.start(f"run{number}", 1), range(8)))
    cold = [run for run in range(8) if platform.ecs.of(f"run{run}")]
    assert len(cold) == 7


@pytest.mark.parametrize("why", ["its time is up", "Spot takes it"])
def test_a_worker_that_leaves_takes_no_run_with_it(platform, why):
    clock = HastyClock(200)
    done = warm.wait(_place(platform, "worker"), clock, leaving=lambda: why == "Spot takes it")
    assert done is None
    platform.store.claim("warm:0", "worker", ttl_seconds=30)  # as if its last heartbeat came late
    assert warm.assign(platform.store, 1, "run", 1) is None


def test_a_run_given_at_the_last_moment_is_still_taken(platform):
    clock = HeldClock()

    def leaving() -> bool:
        return warm.assign(platform.store, 1, "run", 1) is not None

    assert warm.wait(_place(platform, "worker"), clock, leaving=leaving) == ("run", 1)


def test_a_second_worker_for_one_place_goes_home(platform):
    platform.store.claim("warm:0", "first", ttl_seconds=30)
    assert warm.wait(_place(platform, "second"), HeldClock()) is None


def test_a_warm_worker_that_cannot_be_started_is_tried_at_the_next_turn(platform):
    platform.ecs.no_capacity("FARGATE")
    launcher = platform.launcher(WAITS, warm_workers=1)
    assert launcher.keep_warm() == 0
    assert launcher.keep_warm() == 1
