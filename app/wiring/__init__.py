"""Putting the parts of a process together, over the platform it stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.jobs.job import Thread
from app.runs import token_policy
from app.wiring.platforms import Platform, aws_platform, ensure_model, local_platform, platform, revealed

# Each side imports its own when it is asked for: a worker without the control side (httpx, the App's key, everything
# that writes to GitHub) starts in half the time, and a person waits for it.
if TYPE_CHECKING:
    from app.admission.conflict_watch import ConflictWatch
    from app.admission.run_launcher import RunLauncher
    from app.github.access import Access
    from app.outcomes.watch import Outcomes
    from app.receive import Answer, Delivery
    from app.recovery.missed_labels import Overlooked
    from app.recovery.retention import Retention
    from app.schedule import Scheduler
    from app.wiring.consumers import Control
    from app.worker import Worker

__all__ = [
    "Platform",
    "access",
    "aws_platform",
    "conflict_watch",
    "control",
    "door",
    "ensure_model",
    "keep_warm",
    "local_platform",
    "minting",
    "overlooked",
    "platform",
    "retention",
    "revealed",
    "run_launcher",
    "scheduler",
    "worker",
]  # fmt: skip

# A function ends after a minute, and sleeping is paid for: what has to wait longer goes back to the queue.
_PATIENCE_IN_LAMBDA_SECONDS = 15.0


def access(platform: Platform) -> Access:
    """The control side's way to GitHub; never made in a worker."""
    from app.github.access import Access  # noqa: PLC0415

    return Access(
        platform.settings,
        platform.clock,
        platform.redactor,
        transport=platform.transport,
        key=platform.app_key(),
        slots=platform.store,
        **({"patience_seconds": _PATIENCE_IN_LAMBDA_SECONDS} if platform.settings.platform == "aws" else {}),
    )


def minting(way: Access) -> token_policy.Mint:
    """Mints the token that a run's thread may have."""
    return lambda thread, fresh: way.clone_token(Thread(**thread), fresh=fresh)


def door(platform: Platform) -> Callable[[Delivery], Answer]:
    """`receive` with the platform's ports, for whatever is not the webhook's own function."""
    from app.ports.intake import InTurn  # noqa: PLC0415
    from app.receive import receive  # noqa: PLC0415

    intake = InTurn(platform.store, platform.jobs)
    return lambda delivery: receive(delivery, settings=revealed(platform), intake=intake, clock=platform.clock)


def keep_warm(platform: Platform) -> int:
    """Start the warm workers that are missing, where the platform has such; returns how many."""
    keep = getattr(platform.launcher, "keep_warm", None)
    return int(keep()) if keep else 0


def control(platform: Platform, way: Access | None = None) -> Control:
    """Dispatcher, publisher and scheduler over one `Access`."""
    from app.dispatch import Dispatcher  # noqa: PLC0415
    from app.publish import Publisher  # noqa: PLC0415
    from app.wiring.consumers import Control  # noqa: PLC0415

    way = way or access(platform)
    waiting = run_launcher(platform, way)
    settings = platform.settings
    return Control(
        jobs=platform.jobs,
        publishing=platform.publishing,
        dispatcher=Dispatcher(
            store=platform.store,
            keeping=platform.keeping,
            publishing=platform.publishing,
            run_launcher=waiting,
            access=way,
            settings=settings,
            clock=platform.clock,
            redactor=platform.redactor,
            clone_url=platform.clone_url,
        ),
        publisher=Publisher(
            store=platform.store,
            jobs=platform.jobs,
            access=way,
            clock=platform.clock,
            redactor=platform.redactor,
            bot_login=settings.bot_login,
            clone_url=platform.clone_url,
        ),
        scheduler=scheduler(platform, way),
    )


def run_launcher(platform: Platform, way: Access | None) -> RunLauncher:
    """What lets runs spend; without a way to GitHub it lets those go on for which nobody has to be asked there."""
    from app.admission.run_launcher import RunLauncher  # noqa: PLC0415

    return RunLauncher(
        store=platform.store,
        launcher=platform.launcher,
        clock=platform.clock,
        access=way,
        bot_login=platform.settings.bot_login,
    )


def scheduler(platform: Platform, way: Access | None = None) -> Scheduler:
    """The clock's part alone."""
    from app.schedule import Scheduler  # noqa: PLC0415

    return Scheduler(
        store=platform.store,
        publishing=platform.publishing,
        launcher=platform.launcher,
        run_launcher=run_launcher(platform, way),
        clock=platform.clock,
        redactor=platform.redactor,
        concurrency=platform.settings.concurrency,
    )


def overlooked(platform: Platform, way: Access, accept: Callable[[Delivery], Answer]) -> Overlooked:
    """What looks for labelled issues that no run took."""
    from app.recovery.missed_labels import Overlooked  # noqa: PLC0415

    return Overlooked(
        access=way,
        store=platform.store,
        clock=platform.clock,
        secret=lambda: revealed(platform).webhook_secrets[0],
        accept=accept,
    )


def conflict_watch(platform: Platform, way: Access) -> ConflictWatch:
    """What looks for pull requests of ours that conflict with their base."""
    from app.admission.conflict_watch import ConflictWatch  # noqa: PLC0415

    settings = platform.settings
    return ConflictWatch(
        access=way, store=platform.store, jobs=platform.jobs, clock=platform.clock, slug=settings.app_slug
    )


def retention(platform: Platform) -> Retention:
    """What drops the old."""
    from app.recovery.retention import Retention  # noqa: PLC0415

    settings = platform.settings
    return Retention(
        store=platform.store,
        keeping=platform.keeping,
        clock=platform.clock,
        days=settings.retention_days,
        ledger_days=settings.ledger_days,
    )


def outcomes(platform: Platform, way: Access) -> Outcomes:
    """What looks what became of our pull requests."""
    from app.outcomes.watch import Outcomes  # noqa: PLC0415
    from app.runs.run_ledger import RunLedger  # noqa: PLC0415

    def open_ledger(run_id: str) -> RunLedger:
        return RunLedger(platform.store, run_id, clock=platform.clock, redactor=platform.redactor)

    return Outcomes(store=platform.store, access=way, clock=platform.clock, open_ledger=open_ledger)


def worker(platform: Platform) -> Worker:
    """What one attempt needs; holds no App key."""
    model = platform.model()  # first: the SDK loads in a thread while the sandbox is probed
    from app.worker import Worker  # noqa: PLC0415

    return Worker(
        run_store=platform.run_store,
        publishing=platform.publishing,
        tokens=platform.tokens,
        host=platform.host(),
        model=model,
        clock=platform.clock,
        redactor=platform.redactor,
        home=platform.settings.home,
        attended=platform.settings.attended,
    )
