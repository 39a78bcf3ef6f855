"""The HTTP shell around the door: a thin Starlette application. On one machine uvicorn serves it.

It turns a request into a `Delivery` and an `Answer` into a response; every decision is made in `app.receive`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import log
from app.receive import AWAY, MAX_BODY_BYTES, SECURITY_HEADERS, TOO_BIG, Answer, Delivery, refused_unread, too_big
from app.server.bodies import BodyRoom, NoRoom, Reservation

ANSWER_SECONDS = (
    9.0  # from a request's head to its answer, whatever the sender or the store does: GitHub gives up after 10
)


def application(accept: Callable[[Delivery], Answer] | None, *, routes: tuple[BaseRoute, ...] = ()) -> ASGIApp:
    """The application: `POST /webhooks/github`, `GET /healthz`, and further `routes` (the dashboard, say).

    `accept` is `receive` with its ports bound; it is called in a thread, because it waits for the store. None: the door
    is somewhere else, as in the cloud, where it is a function of its own.
    """

    room = BodyRoom()

    async def webhook(request: Request) -> Response:
        assert accept is not None
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw]
        refusal = too_big(request.headers.get("content-length", "")) or refused_unread(headers)
        if refusal:
            return _answered(refusal)
        with room.reserve() as reservation:
            try:
                async with asyncio.timeout_at(deadline):
                    body = await _body(request, reservation)
            except TimeoutError:
                raise HTTPException(408, "The body did not arrive in time.") from None
            except ClientDisconnect:
                raise HTTPException(400, "The body broke off.") from None
            except NoRoom:
                return _answered(AWAY)
            try:
                async with asyncio.timeout_at(deadline):
                    delivery = Delivery(headers=dict(headers), body=body)
                    return _answered(await run_sync(accept, delivery, abandon_on_cancel=True))
            except TimeoutError:  # the thread goes on; should it still take the job in, the redelivery is a duplicate
                log.event("asgi.late", level=log.ERROR, seconds=ANSWER_SECONDS)
                return _answered(AWAY)

    async def healthz(_request: Request) -> Response:
        return _json(200, {"status": "ok"})

    door = [Route("/webhooks/github", webhook, methods=["POST"])] if accept else []
    starlette = Starlette(
        routes=[*door, Route("/healthz", healthz), *routes],
        exception_handlers={HTTPException: _refused, Exception: _defect},
    )
    starlette.router.redirect_slashes = False  # it would send people to whatever host the request names
    return _Outermost(starlette)


async def _body(request: Request, reservation: Reservation) -> bytes:
    """The whole body. Raises HTTPException 413 as soon as it is known to be too big, NoRoom while others fill the
    memory, both without reading the rest.
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit():
        reservation.grow_to(int(announced))
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise HTTPException(413, TOO_BIG)
        reservation.grow_to(size)
        chunks.append(chunk)
    return b"".join(chunks)


def _answered(answer: Answer) -> Response:
    return _json(answer.status, answer.body, answer.headers)


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


class _Outermost:
    """Sets what a response does not set itself, on error pages too; and answers what a shutdown breaks off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except asyncio.CancelledError:  # the server ends; the task has nothing else to do than to say so
            if started:
                raise
            await _answered(AWAY)(scope, receive, guarded)
