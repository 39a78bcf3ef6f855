"""`work RUN --attempt N`: the process the launcher starts; `work --warm PLACE` waits for its run. Not for people."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from app import log
from app.cli.ending import Ending
from app.errors import LamplighterError
from app.events.working import RunEnded

if TYPE_CHECKING:
    from app.wiring import Platform
    from app.worker import Worker

_PATIENCE_SECONDS = 90.0  # of the 120 between a platform's SIGTERM and its SIGKILL
_LEASE_SECONDS = 0.05  # how often to look for a lease that a worker is about to take


def work(arguments: argparse.Namespace) -> int:
    """One attempt. SIGTERM asks it to leave at the next step; the run is then parked and this ends with 0."""
    leaving = Ending()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the terminal's own process, which then asks us

    from app import settings, wiring
    from app.server import library_log

    platform = wiring.platform(settings.load())
    log.configure(platform.redactor)
    library_log.take_over()
    if platform.settings.platform == "aws":
        from app.aws.telemetry import count

        log.also_to(count)  # what the model costs, for the alarm
    run_id, attempt = arguments.id, arguments.attempt
    try:
        worker = wiring.worker(platform)
        if arguments.warm is not None:
            given = _wait(platform, leaving)
            if given is None:
                return 0
            run_id, attempt = given
        _do(worker, run_id, attempt, leaving)
    except LamplighterError as error:  # no sandbox, no model script, a damaged store: the run has to say so
        log.event("work.failed", level=log.ERROR, reason=str(error), run=run_id)
        if run_id:
            _say(platform, run_id, error)
        return 1
    return 0


def _wait(platform: Platform, leaving: Ending) -> tuple[str, int] | None:
    """Everything is loaded; now wait for a run, an hour at most. The broker knows the place: ECS tells it."""
    from app.aws import warm
    from app.aws.broker import AskedPlace, Broker
    from app.aws.clients import Clients

    place = AskedPlace(Broker(platform.settings.cloud.tokens_url, Clients(), platform.clock))
    return warm.wait(place, platform.clock, leaving=leaving.requested)


def _do(worker: Worker, run_id: str, attempt: int, leaving: Ending) -> None:
    threading.Thread(target=_leave, args=(worker, run_id, attempt, leaving), name="sigterm", daemon=True).start()
    worker.work(run_id, attempt)


def _leave(worker: Worker, run_id: str, attempt: int, leaving: Ending) -> None:
    """Pass SIGTERM on to the lease, which may not be there yet when it comes; then see to it that the end comes in
    time. A worker that has left by itself ends this thread with its process.
    """
    leaving.wait()
    while (lease := getattr(worker, "lease", None)) is None:
        time.sleep(_LEASE_SECONDS)
    lease.request_stop()
    time.sleep(_PATIENCE_SECONDS)
    try:
        worker.abandon(run_id, attempt)
        log.event("work.abandoned", run=run_id, attempt=attempt)
    finally:
        os._exit(0)


def _say(platform: Platform, run_id: str, error: LamplighterError) -> None:
    """End the run visibly: nobody reads this process's log while the run looks busy."""
    from app.errors import UserError
    from app.runs.run_ledger import RunLedger
    from app.runs.worker_store import WorkerStore

    store = WorkerStore(platform.run_store(run_id), run_id)
    ledger = RunLedger(store, run_id, clock=platform.clock, redactor=platform.redactor, publishing=platform.publishing)
    if ledger.state.is_created and isinstance(error, UserError):
        ledger.append_if(
            lambda state: state.is_active,
            RunEnded(
                outcome="failed", reason=str(error), next_step="Mend that (`lamplighter doctor` helps), then retry."
            ),
        )
