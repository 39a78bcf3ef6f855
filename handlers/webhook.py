"""The webhook's function URL. The HMAC is the authentication; only the standard library is imported."""

from __future__ import annotations

from typing import Any

from app import log, settings
from app.aws.door import Door
from app.aws.function_url import request, response
from app.local.clock import SystemClock
from app.log import Redactor
from app.receive import AWAY, SECURITY_HEADERS, Answer, Delivery, ensure_ready, receive

_SETTINGS, _CLOCK, _REDACTOR = settings.load(), SystemClock(), Redactor()
log.configure(_REDACTOR)
ensure_ready(_SETTINGS)
_DOOR = Door(_SETTINGS, _CLOCK, _REDACTOR)
_ROUTES = {"/webhooks/github": "POST", "/healthz": "GET"}
_HEADERS = {"content-type": "application/json", **SECURITY_HEADERS}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """One delivery. Whatever breaks here, the sender is asked to deliver again."""
    try:
        answer = _answer(event)
    except Exception as error:
        log.event("webhook.not_answered", level=log.ERROR, error=error)
        answer = AWAY
    return response(answer.status, answer.to_json(), {**_HEADERS, **answer.headers})


def _answer(event: dict[str, Any]) -> Answer:
    asked = request(event)
    if refused := asked.refused(_ROUTES):
        return Answer(*refused)
    if asked.path == "/healthz":
        return Answer(200, {"status": "ok"})
    return receive(Delivery(asked.headers, asked.body), settings=_DOOR.settings(), intake=_DOOR.intake, clock=_CLOCK)
