"""The jobs queue: each message becomes a run, or a word to one; partial failures come back by themselves."""

from __future__ import annotations

from typing import Any

from app import settings, wiring
from app.aws.batch import taken
from app.aws.telemetry import observed

_PLATFORM = wiring.platform(settings.load())
_CONTROL = wiring.control(_PLATFORM)


@observed(_PLATFORM.redactor)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A batch of jobs."""
    return taken(event, context, _CONTROL.take_job, _PLATFORM.jobs)
