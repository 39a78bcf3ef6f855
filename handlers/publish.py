"""The publish queue: each message brings GitHub up to date with one run."""

from __future__ import annotations

from typing import Any

from app import settings, wiring
from app.aws.batch import taken
from app.aws.telemetry import observed

_PLATFORM = wiring.platform(settings.load())
_CONTROL = wiring.control(_PLATFORM)


@observed(_PLATFORM.redactor)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A batch of runs that have news."""
    return taken(event, context, _CONTROL.take_news, _PLATFORM.publishing)
