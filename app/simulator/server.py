"""The simulated GitHub on 127.0.0.1: API under /api/v3, git under /OWNER/REPO.git, pages everywhere else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.responses import Response as WebResponse
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.simulator import git_http, pages, storage
from app.simulator.deliveries import Delivery
from app.simulator.front import Front
from app.simulator.http import ApiError, ConnectionLost, Request, Response, UnknownRoute

API_PATH = "/api/v3"
GRAPHQL_PATH = "/api/graphql"  # where GitHub Enterprise Server has it
DELIVERY_TIMEOUT_SECONDS = 10.0  # GitHub's own
LOCAL_HOSTS = {"127.0.0.1", "localhost"}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


class BrokenResponse(WebResponse):
    """Promises a body and breaks the connection instead."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send headers only; the server notices and closes."""
        headers = [(b"content-length", b"1000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def _web(response: Response) -> WebResponse:
    content, media_type = response.encoded()
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
    return WebResponse(content, response.status, headers, media_type or None)


def _only_local(answer: Callable[[Request], WebResponse]) -> Callable[[WebRequest], object]:
    """Run a synchronous answer in a thread, for callers that mean this machine (a page elsewhere could rebind DNS)."""

    async def endpoint(request: WebRequest) -> WebResponse:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        if host not in LOCAL_HOSTS:
            return WebResponse("this server answers on this machine only\n", 421)
        raw = request.scope.get("raw_path") or request.url.path.encode()
        target = raw.decode("ascii") + (f"?{request.url.query}" if request.url.query else "")
        body = await request.body()
        made = Request.parse(request.method, target, request.headers, body)
        return await run_in_threadpool(answer, made)

    return endpoint


def _git(front: Front, request: Request) -> WebResponse:
    """One request of a git client; faults may match it by its whole path, as `GET /OWNER/REPO.git/info/refs`."""
    full_name, _, rest = request.path.strip("/").partition(".git/")
    headers = {"Cache-Control": "no-cache"}
    try:
        if fault := front.faults.take(request.method, request.path):
            return _web(fault.strike())
        if rest == "info/refs" and request.method == "GET":
            media_type = f"application/x-{git_http.SERVICE}-advertisement"
            chunks = git_http.advertise(front.world, request, full_name)
        elif rest == git_http.SERVICE and request.method == "POST":
            media_type = f"application/x-{git_http.SERVICE}-result"
            chunks = git_http.upload_pack(front.world, request, full_name)
        else:
            raise ApiError(403, "The simulated GitHub takes no pushes.")
    except ConnectionLost:
        return BrokenResponse()
    except ApiError as error:
        return WebResponse(error.message + "\n", error.status, error.headers, "text/plain")
    return StreamingResponse(chunks, headers=headers, media_type=media_type)


def asgi(front: Front) -> Starlette:
    """The whole simulated GitHub as an ASGI application."""

    def api(request: Request) -> WebResponse:
        inner = Request(
            method=request.method,
            path="/graphql" if request.path == GRAPHQL_PATH else request.path.removeprefix(API_PATH),
            query=request.query,
            headers=request.headers,
            body=request.body,
        )
        try:
            return _web(front.answer(inner))
        except UnknownRoute:
            return _web(ApiError(404, "Not Found").response())
        except ConnectionLost:
            return BrokenResponse()

    def stored(request: Request) -> WebResponse:
        try:
            return _web(front.storage(request))
        except ConnectionLost:
            return BrokenResponse()

    def page(request: Request) -> WebResponse:
        return _web(pages.answer(front.world, request))

    routes = [
        Route(f"{API_PATH}/{{path:path}}", _only_local(api), methods=METHODS),
        Route(GRAPHQL_PATH, _only_local(api), methods=["POST"]),
        Route(f"{storage.PATH}{{path:path}}", _only_local(stored), methods=METHODS),
        Route("/{owner}/{name}.git/{rest:path}", _only_local(partial(_git, front)), methods=["GET", "POST"]),
        Route("/{path:path}", _only_local(page), methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes)


class HttpDelivery:
    """Delivers to the configured webhook address over HTTP."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._client = httpx.Client(timeout=DELIVERY_TIMEOUT_SECONDS, trust_env=False)

    def __call__(self, delivery: Delivery) -> tuple[int, bytes]:
        """POST one delivery.

        Raises `TimeoutError` or `ConnectionError` as the delivery log knows them.
        """
        url = self._front.world.app.webhook_url
        try:
            answer = self._client.post(url, content=delivery.body, headers=delivery.headers)
        except httpx.TimeoutException as error:
            raise TimeoutError(str(error)) from error
        except httpx.HTTPError as error:
            raise ConnectionError(str(error)) from error
        return answer.status_code, answer.content

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class LocalServer:
    """A server thread and, where a webhook address is known, a thread that delivers."""

    def __init__(self, front: Front, port: int, webhook_url: str | None) -> None:
        self._front = front
        # Named, not 0: asyncio turns Nagle's delay off for a socket that says it is TCP, and for no other.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        front.world.html_url, front.world.api_url = self.url, self.url + API_PATH
        front.world.storage_url = self.url.replace("127.0.0.1", "localhost")  # another origin
        config = uvicorn.Config(asgi(front), log_level="critical", access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._threads = [threading.Thread(target=self._serve, name="simulated-github", daemon=True)]
        self._stopping = threading.Event()
        self._delivery: HttpDelivery | None = None
        if webhook_url is not None:
            front.world.app.webhook_url = webhook_url
            self._delivery = front.world.outbox.deliver = HttpDelivery(front)
            self._threads.append(threading.Thread(target=self._pump, name="simulated-webhooks", daemon=True))
        for thread in self._threads:
            thread.start()
        while not self._server.started and self._threads[0].is_alive():
            time.sleep(0.005)

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def _pump(self) -> None:
        outbox = self._front.world.outbox
        while not self._stopping.is_set():
            with outbox.arrived:
                if not outbox.queue:
                    outbox.arrived.wait(timeout=0.5)
            outbox.pump()

    def close(self) -> None:
        """Stop both threads."""
        self._stopping.set()
        self._server.should_exit = True
        outbox = self._front.world.outbox
        with outbox.arrived:
            outbox.arrived.notify_all()
        for thread in self._threads:
            thread.join(timeout=DELIVERY_TIMEOUT_SECONDS + 1)
        if self._delivery is not None:
            outbox.deliver = None
            self._delivery.close()
        self._socket.close()
