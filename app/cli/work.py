"""`work RUN --attempt N`: the worker process the launcher starts. Not for people."""

from __future__ import annotations

import argparse
import signal
import threading
import time

from app import log
from app.errors import LamplighterError

_LEASE_SECONDS = 0.05  # how often to look for a lease that a worker is about to take


def work(arguments: argparse.Namespace) -> int:
    """One attempt. SIGTERM asks it to leave at the next step; the run is then parked and this ends with 0."""
    leaving = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the terminal's own process, which then asks us

    from app import settings, wiring

    loaded = settings.load()
    platform = wiring.local_platform(loaded)
    log.configure(platform.redactor)
    try:
        worker = wiring.worker(platform)
        threading.Thread(target=_leave, args=(worker, leaving), name="sigterm", daemon=True).start()
        worker.work(arguments.id, arguments.attempt)
    except LamplighterError as error:  # no sandbox, no model script, a damaged store: the run has to say so
        log.event("work.failed", level=log.ERROR, error=error, run=arguments.id)
        _say(platform, arguments.id, error)
        return 1
    return 0


def _leave(worker: object, leaving: threading.Event) -> None:
    """Pass SIGTERM on to the lease, which may not be there yet when it comes."""
    leaving.wait()
    while (lease := getattr(worker, "lease", None)) is None:
        time.sleep(_LEASE_SECONDS)
    lease.request_stop()


def _say(platform: object, run_id: str, error: LamplighterError) -> None:
    """End the run visibly: nobody reads this process's log while the run looks busy."""
    from app.errors import UserError
    from app.run_ledger import RunLedger, announce
    from app.wiring import Platform

    assert isinstance(platform, Platform)
    ledger = RunLedger(platform.store, run_id, clock=platform.clock, redactor=platform.redactor)
    if ledger.state.created and isinstance(error, UserError):
        ledger.append_if(
            lambda state: state.is_active,
            "run.ended",
            outcome="failed",
            reason=str(error),
            next_step="Mend that (`lamplighter doctor` helps), then retry.",
        )
        announce(platform.publishing, ledger)
