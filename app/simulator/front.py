"""The front of the API: faults, limits and cache headers around the routes, and the record of what was asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from app.simulator import routing, storage
from app.simulator.auth import bearer
from app.simulator.faults import Fault, Faults
from app.simulator.http import ApiError, ConnectionLost, Json, Request, Response, UnknownRoute
from app.simulator.limits import Limits
from app.simulator.rest import ALL
from app.simulator.world import World

HOURLY_LIMIT = 5000  # requests an hour and installation, GitHub's smallest


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One request of the product and the status it got (0 when the connection broke)."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    status: int
    token: str | None
    response: Response | None = None

    def json(self) -> Json:
        """The request body as an object."""
        return Request(method=self.method, path=self.path, body=self.body).json()


@dataclass(eq=False)
class Front:
    """Answers API requests one at a time."""

    world: World
    faults: Faults = field(init=False)
    requests: list[Recorded] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)  # requests counted by credential
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.limits = Limits(self.world)
        self.faults = Faults(self.world.clock)

    def answer(self, request: Request) -> Response:
        """The answer to one API request (its path without the API's base path).

        Raises `UnknownRoute` and, when a fault says so, `ConnectionLost`.
        """
        with self.world.lock:
            try:
                response = self._answer(request)
            except UnknownRoute as error:
                self.unknown.append(str(error))
                raise
            except ConnectionLost:
                self._record(request, 0, None)
                raise
            self._record(request, response.status, response)
            return response

    def storage(self, request: Request) -> Response:
        """The answer to a request at the host where logs lie.

        Raises `ConnectionLost` when a fault says so.
        """
        with self.world.lock:
            fault = self.faults.take(request.method, request.path)
            return fault.strike() if fault is not None else storage.answer(self.world, request)

    def _answer(self, request: Request) -> Response:
        fault = self.faults.take(request.method, request.path)
        if fault is not None and fault.when == "before":
            struck = fault.strike()
            self.limits.answered(request, struck)
            return self._finished(request, struck, fault)
        if limited := self.limits.refusal(request):
            return self._finished(request, limited, fault)
        try:
            response = routing.call(self.world, ALL, request)
        except ApiError as error:
            response = error.response()
            if error.status == 307:
                self.limits.sent_on(request)
        if fault is not None:
            response = fault.strike()
        return self._finished(request, response, fault)

    def _finished(self, request: Request, response: Response, fault: Fault | None) -> Response:
        headers = {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": f"SIM:{len(self.requests):06X}",
        }
        if request.method == "GET" and response.status == 200 and fault is None:
            body, _ = response.encoded()
            whose = (bearer(request) or "").encode()  # another token gets another tag for the same answer
            headers["ETag"] = f'W/"{hashlib.sha256(whose + body).hexdigest()[:32]}"'
            headers["Vary"] = "Accept, Authorization"
            if request.headers.get("if-none-match") == headers["ETag"]:
                response = Response(304, None)
        response.headers = {**headers, **self._rate_headers(request, response.status), **response.headers}
        return response

    def _rate_headers(self, request: Request, status: int) -> dict[str, str]:
        key = bearer(request) or ""
        self.used[key] = used = self.used.get(key, 0) + (status != 304)  # what has not changed counts for nothing
        return {
            "X-RateLimit-Limit": str(HOURLY_LIMIT),
            "X-RateLimit-Remaining": str(max(0, HOURLY_LIMIT - used)),
            "X-RateLimit-Reset": str(int(self.world.now().timestamp()) + 3600),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Resource": "graphql" if request.path == "/graphql" else "core",
        }

    def _record(self, request: Request, status: int, response: Response | None) -> None:
        self.requests.append(
            Recorded(
                method=request.method,
                path=request.path,
                query=request.query,
                body=request.body,
                status=status,
                token=bearer(request),
                response=response,
            )
        )
