"""GitHub's secondary limits on what one installation writes, and what it holds against whoever goes on asking.

Stricter than GitHub, which does not say which writes create content: every write of an installation counts here, and a
write during a limit makes it last anew.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

from app.simulator.auth import bearer
from app.simulator.faults import SECONDARY
from app.simulator.http import ApiError, Request, Response
from app.simulator.world import World

CONTENT_A_MINUTE = 80
CONTENT_AN_HOUR = 500
_REST_SECONDS = 60.0  # how long a limit of these lasts
_WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})


@dataclass(frozen=True, kw_only=True)
class Limited:
    """Until when (epoch seconds) an installation may not write, and the Retry-After it was told (None: none)."""

    until: float
    retry_after: int | None


@dataclass(eq=False)
class Limits:
    """The writes of every installation, by time; the limits that are on; and what a polite client never does."""

    world: World
    written: dict[int, list[float]] = field(default_factory=dict)
    limited: dict[int, Limited] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)  # writes while a limit was on
    exceeded: list[str] = field(default_factory=list)  # writes over the 80 or the 500

    def refusal(self, request: Request) -> Response | None:
        """The 403 for a write that comes too soon, or None: it is counted."""
        installation = self._writer(request)
        if installation is None:
            return None
        now, what = self._now(), f"{request.method} {request.path}"
        if (limit := self.limited.get(installation)) and now < limit.until:
            self.ignored.append(what)
            return self._limit(installation, limit.retry_after, limit.retry_after or _REST_SECONDS)
        times = self.written.setdefault(installation, [])
        for most, seconds in ((CONTENT_A_MINUTE, 60.0), (CONTENT_AN_HOUR, 3600.0)):
            if len(times) - bisect_right(times, now - seconds) >= most:
                self.exceeded.append(what)
                return self._limit(installation, int(_REST_SECONDS), _REST_SECONDS)
        times.append(now)
        return None

    def sent_on(self, request: Request) -> None:
        """A write was only led elsewhere, and comes again there: it was none."""
        if (installation := self._writer(request)) is not None:
            self.written[installation].pop()

    def answered(self, request: Request, response: Response) -> None:
        """A planned misfortune was answered: a limit is from now on one for all that the installation writes."""
        message = response.body.get("message") if isinstance(response.body, dict) else ""
        installation = self._installation(request)
        if installation is None:
            return
        if message == SECONDARY:
            after = response.headers.get("Retry-After")
            self._limit(installation, int(after) if after else None, float(after or _REST_SECONDS))
        elif response.headers.get("X-RateLimit-Remaining") == "0":
            until = float(response.headers["X-RateLimit-Reset"])
            self.limited[installation] = Limited(until=until, retry_after=None)

    @property
    def closest_seconds(self) -> float:
        """The least time between two writes of one installation."""
        gaps = [later - before for times in self.written.values() for before, later in pairwise(times)]
        return min(gaps, default=float("inf"))

    def _limit(self, installation: int, retry_after: int | None, seconds: float) -> Response:
        self.limited[installation] = Limited(until=self._now() + seconds, retry_after=retry_after)
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        return ApiError(403, SECONDARY, headers=headers).response()

    def _writer(self, request: Request) -> int | None:
        """The installation that writes; minting and revoking tokens, and GraphQL's queries, are no
        writes to anything people see.
        """
        is_token = "/access_tokens" in request.path or request.path == "/installation/token"
        reads = request.path == "/graphql" and b"mutation" not in request.body
        return None if request.method not in _WRITES or is_token or reads else self._installation(request)

    def _installation(self, request: Request) -> int | None:
        token = self.world.tokens.get(bearer(request) or "")
        return token.installation.id if token else None

    def _now(self) -> float:
        return self.world.clock().timestamp()
