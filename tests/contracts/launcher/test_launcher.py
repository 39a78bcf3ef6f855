"""The contract of `ports.Launcher`: one worker for each (run, attempt)."""

from __future__ import annotations

import pytest

from tests.contracts.launcher.looking import is_running
from tests.waiting import until


def test_a_started_worker_is_running_until_it_ends(platform, tmp_path):
    over = tmp_path / "over"
    launcher = platform.launcher(f"import os, time\nwhile not os.path.exists({str(over)!r}): time.sleep(0.02)")
    assert not is_running(launcher, "run")
    launcher.start("run", 1)
    assert is_running(launcher, "run")
    over.touch()
    until(lambda: is_running(launcher, "run") is False)


def test_starting_an_attempt_twice_starts_it_once(platform):
    launcher = platform.launcher("print('here', flush=True)")
    for _ in range(3):
        launcher.start("run", 1)
    until(lambda: is_running(launcher, "run") is False)
    launcher.start("run", 1)  # not after its end either
    assert is_running(launcher, "run") is False


def test_another_attempt_is_another_worker(platform):
    launcher = platform.launcher("")
    launcher.start("run", 1)
    until(lambda: is_running(launcher, "run") is False)
    launcher = platform.launcher()
    launcher.start("run", 2)
    assert is_running(launcher, "run")


def test_runs_do_not_touch_one_another(platform):
    launcher = platform.launcher()
    for run in ("run", "run-1", "ru"):
        launcher.start(run, 1)
    launcher.stop("run")
    until(lambda: is_running(launcher, "run") is False)
    assert is_running(launcher, "run-1")
    assert is_running(launcher, "ru")


def test_a_new_launcher_finds_the_workers_of_the_old_one(platform):
    platform.launcher().start("run", 1)
    later = platform.launcher()
    assert is_running(later, "run")
    later.start("run", 1)
    later.stop("run")
    until(lambda: is_running(later, "run") is False)


def test_any_number_of_runs_is_asked_for_at_once(platform):
    launcher = platform.launcher()
    for run in ("run-1", "run-249"):
        launcher.start(run, 1)
    names = [f"run-{number}" for number in range(250)]
    told = launcher.running(names)
    assert list(told) == names
    assert {name for name, lives in told.items() if lives} == {"run-1", "run-249"}
    assert launcher.running([]) == {}


def test_stop_is_a_request_first(platform):
    code = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
time.sleep(60)
"""
    launcher = platform.launcher(code, grace_seconds=30)
    launcher.start("run", 1)
    until(lambda: "ready" in platform.log("run", 1))
    launcher.stop("run")
    until(lambda: is_running(launcher, "run") is False)


def test_stop_insists_after_the_grace(platform):
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    launcher = platform.launcher(code, grace_seconds=0.3)
    launcher.start("run", 1)
    until(lambda: "ready" in platform.log("run", 1))
    launcher.stop("run")
    assert is_running(launcher, "run")
    until(lambda: is_running(launcher, "run") is False)


def test_stopping_nothing_is_fine(platform):
    platform.launcher().stop("never-started")


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", "-x", "a b", "x" * 200, "*"])
def test_a_run_id_that_is_no_name_is_a_defect(platform, run_id):
    with pytest.raises(ValueError):
        platform.launcher().start(run_id, 1)
