"""An httpx transport that reaches the simulated GitHub without a socket."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from app.simulator.front import Front
from app.simulator.http import ConnectionLost, Request, UnknownRoute
from app.simulator.storage import PATH


class SimulatorTransport(httpx.BaseTransport):
    """Dispatches API requests straight to the routes, and those for logs to where they lie.

    With `strict` an unknown route, or any other host, raises `UnknownRoute` into the test; else it is a 404.
    """

    def __init__(self, front: Front, *, strict: bool = True) -> None:
        self._front = front
        self._strict = strict

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        base, stored = urlsplit(self._front.world.api_url), urlsplit(self._front.world.storage_url)
        target = request.url.raw_path.decode("ascii")
        try:
            where = (request.url.host, request.url.port)
            if where == (stored.hostname, stored.port) and target.startswith(stored.path + PATH):
                response = self._front.storage(Request.parse(request.method, target, request.headers, request.read()))
            elif where == (base.hostname, base.port) and target.startswith(base.path):
                made = Request.parse(request.method, target[len(base.path) :], request.headers, request.read())
                response = self._front.answer(made)
            else:
                raise UnknownRoute(f"{request.method} {request.url}: not an address of the simulated GitHub")
        except UnknownRoute:
            if self._strict:
                raise
            return httpx.Response(404, json={"message": "Not Found"}, request=request)
        except ConnectionLost as error:
            raise httpx.RemoteProtocolError(f"Server disconnected without sending a response ({error})") from None
        content, media_type = response.encoded()
        headers = dict(response.headers)
        if media_type:
            headers["Content-Type"] = media_type
        return httpx.Response(response.status, headers=headers, content=content, request=request)
