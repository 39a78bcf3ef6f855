"""The broker: a worker asks for a read token of its own run's repository. Only workers may call this function."""

from __future__ import annotations

from typing import Any

from app import settings, wiring
from app.aws.telemetry import observed

_PLATFORM = wiring.platform(settings.load())
_ACCESS = wiring.access(_PLATFORM)


@observed(_PLATFORM.redactor)
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"run_id", "repository_id", "purpose"}` → a token, a refusal or a delay, as `app.runs.token_policy` says."""
    return wiring.grant(_PLATFORM, _ACCESS, event)
