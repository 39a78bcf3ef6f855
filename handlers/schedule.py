"""The clock, once a minute: lost runs, runs that are due or have room now, news nobody published, missed deliveries."""

from __future__ import annotations

from typing import Any

from app import settings, wiring
from app.aws.telemetry import observed
from app.server.ticker import rounds

_PLATFORM = wiring.platform(settings.load())
_ROUNDS = rounds(_PLATFORM)


@observed(_PLATFORM.redactor)
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """How much each part did."""
    return _ROUNDS.minute()
