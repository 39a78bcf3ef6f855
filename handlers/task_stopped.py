"""ECS says that a task has stopped: when it was a run's worker, the run goes on at once instead of a minute later."""

from __future__ import annotations

from typing import Any

from app import log, settings, wiring
from app.aws.stopped import stopped
from app.aws.telemetry import observed

_PLATFORM = wiring.platform(settings.load())
_SCHEDULER = wiring.scheduler(_PLATFORM)


@observed(_PLATFORM.redactor)
def handler(event: dict[str, Any], _context: Any) -> None:
    """An EventBridge event; raises when the store is away, and EventBridge's retry is the second try."""
    found = stopped(event, _PLATFORM.settings.cloud, _PLATFORM.store)
    if found is None:
        return
    acted = _SCHEDULER.worker_ended(found.run_id, found.attempt, no_room=found.no_room)
    log.event("task_stopped.seen", run=found.run_id, attempt=found.attempt, reason=found.reason, acted=acted)
