"""The broker: a worker asks for what its own run may have. Only workers may call this function, and only by its URL."""

from __future__ import annotations

from typing import Any

from app import settings, wiring
from app.aws.clients import Clients
from app.aws.desk import Desk
from app.aws.telemetry import observed

_PLATFORM = wiring.platform(settings.load())
_DESK = Desk(
    _PLATFORM.settings.cloud,
    _PLATFORM.store,
    _PLATFORM.clock,
    Clients(),
    wiring.minting(wiring.access(_PLATFORM)),
)


@observed(_PLATFORM.redactor)
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A function URL's event (payload 2.0) that Lambda has checked the signature of, as `app.aws.desk` says."""
    return _DESK.answer(event)
