"""The contract of `ports.Launcher`: one worker for each (run, attempt)."""

from __future__ import annotations

import pytest

from tests.waiting import until


def test_a_started_worker_is_running_until_it_ends(platform):
    launcher = platform.launcher("import time; time.sleep(0.3)")
    assert not launcher.is_running("run")
    launcher.start("run", 1)
    assert launcher.is_running("run")
    until(lambda: launcher.is_running("run") is False)


def test_starting_an_attempt_twice_starts_it_once(platform):
    launcher = platform.launcher("print('here', flush=True)")
    for _ in range(3):
        launcher.start("run", 1)
    until(lambda: launcher.is_running("run") is False)
    launcher.start("run", 1)  # not after its end either
    assert launcher.is_running("run") is False


def test_another_attempt_is_another_worker(platform):
    launcher = platform.launcher("")
    launcher.start("run", 1)
    until(lambda: launcher.is_running("run") is False)
    launcher = platform.launcher()
    launcher.start("run", 2)
    assert launcher.is_running("run")


def test_runs_do_not_touch_one_another(platform):
    launcher = platform.launcher()
    for run in ("run", "run-1", "ru"):
        launcher.start(run, 1)
    launcher.stop("run")
    until(lambda: launcher.is_running("run") is False)
    assert launcher.is_running("run-1")
    assert launcher.is_running("ru")


def test_a_new_launcher_finds_the_workers_of_the_old_one(platform):
    platform.launcher().start("run", 1)
    later = platform.launcher()
    assert later.is_running("run")
    later.start("run", 1)
    later.stop("run")
    until(lambda: later.is_running("run") is False)


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
    until(lambda: launcher.is_running("run") is False)


def test_stop_insists_after_the_grace(platform):
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    launcher = platform.launcher(code, grace_seconds=0.3)
    launcher.start("run", 1)
    until(lambda: "ready" in platform.log("run", 1))
    launcher.stop("run")
    assert launcher.is_running("run")
    until(lambda: launcher.is_running("run") is False)


def test_stopping_nothing_is_fine(platform):
    platform.launcher().stop("never-started")


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", "-x", "a b", "x" * 200, "*"])
def test_a_run_id_that_is_no_name_is_a_defect(platform, run_id):
    with pytest.raises(ValueError):
        platform.launcher().start(run_id, 1)
