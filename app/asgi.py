"""The HTTP shell around the door: a thin Starlette application. On one machine uvicorn serves it.

It turns a request into a `Delivery` and an `Answer` into a response; every decision is made in `app.receive`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import log
from app.receive import AWAY, MAX_BODY_BYTES, SECURITY_HEADERS, Answer, Delivery

BODY_SECONDS = 30.0  # GitHub gives up after 10; a client that drips bytes must not hold a connection for ever


def application(accept: Callable[[Delivery], Answer] | None, *, routes: tuple[BaseRoute, ...] = ()) -> ASGIApp:
    """The application: `POST /webhooks/github`, `GET /healthz`, and further `routes` (the dashboard, say).

    `accept` is `receive` with its ports bound; it is called in a thread, because it waits for the store. None: the door
    is somewhere else, as in the cloud, where it is a function of its own.
    """

    async def webhook(request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            raise HTTPException(408, "The body did not arrive in time.") from None
        except ClientDisconnect:
            raise HTTPException(400, "The body broke off.") from None
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw}
        assert accept is not None
        answer = await run_in_threadpool(accept, Delivery(headers=headers, body=body))
        return _json(answer.status, answer.body, answer.headers)

    async def healthz(_request: Request) -> Response:
        return _json(200, {"status": "ok"})

    door = [Route("/webhooks/github", webhook, methods=["POST"])] if accept else []
    starlette = Starlette(
        routes=[*door, Route("/healthz", healthz), *routes],
        exception_handlers={HTTPException: _refused, Exception: _defect},
    )
    return _SecurityHeaders(starlette)


async def _body(request: Request) -> bytes:
    """The whole body. Raises HTTPException 413 as soon as it is known to be too big, without reading the rest."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > MAX_BODY_BYTES:
        raise HTTPException(413, "The body is over 25 MB.")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise HTTPException(413, "The body is over 25 MB.")
        chunks.append(chunk)
    return b"".join(chunks)


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    content = json.dumps(body).encode("ascii")
    return Response(content, status_code=status, headers=dict(headers or {}), media_type="application/json")


def _refused(_request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404, 405) and ours, as JSON."""
    assert isinstance(error, HTTPException)
    return _json(error.status_code, {"error": error.detail}, error.headers)


def _defect(_request: Request, error: Exception) -> Response:
    """What must not happen. The sender is asked to deliver again; what went wrong stands in the log only."""
    log.event("asgi.defect", level=log.ERROR, error=error)
    return _json(AWAY.status, AWAY.body, AWAY.headers)


class _SecurityHeaders:
    """Sets what a response does not set itself; outermost, so that error pages have it too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)
