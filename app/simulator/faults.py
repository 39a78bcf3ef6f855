"""Bad days on demand: errors, lost connections and rate limits, before or after the effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

from app.simulator.http import ConnectionLost, Response

When = Literal["before", "after"]

MESSAGES = {
    500: "Server Error",
    502: "Server Error",
    503: "Service Unavailable",
    504: "We couldn't respond to your request in time.",
}
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(eq=False, kw_only=True)
class Fault:
    """One planned misfortune; `times` counts down, None means always. `hits` counts how often it struck."""

    match: str  # "METHOD /path" with fnmatch wildcards; a lone path matches every method
    status: int
    when: When
    drop: bool = False
    times: int | None = 1
    skip: int = 0  # let this many matching requests through first
    seconds: float | None = None  # how long it lasts from the first time it strikes: an answer that lags behind
    ends: datetime | None = None
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = ""  # of GraphQL: a status 200 with an error of this type
    hits: int = 0

    def concerns(self, method: str, path: str, now: datetime) -> bool:
        """The fault waits for this request."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.ends is not None and now >= self.ends:
            return False
        pattern = self.match if " " in self.match or self.match == "*" else f"* {self.match}"
        return fnmatchcase(f"{method} {path}", pattern)

    def strike(self) -> Response:
        """The answer instead of the true one.

        Raises `ConnectionLost` when the connection is to break.
        """
        if self.drop:
            raise ConnectionLost(self.when)
        message = self.message or MESSAGES.get(self.status, "Simulated fault")
        if self.kind:
            return Response(200, {"errors": [{"type": self.kind, "message": message}]}, dict(self.headers))
        body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(self.status)}
        return Response(self.status, body, dict(self.headers))


class Faults:
    """The faults planned for one simulated GitHub: its API, and git's requests under `/OWNER/REPO.git/`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._planned: list[Fault] = []

    def add(
        self,
        match: str,
        *,
        status: int = 502,
        when: When = "before",
        drop: bool = False,
        times: int | None = 1,
        skip: int = 0,
        message: str = "",
        headers: dict[str, str] | None = None,
    ) -> Fault:
        """Plan a fault for requests matching "METHOD /path" (wildcards `*`, which also cross slashes).

        With `when="after"` the effect happens and only the answer is lost.
        """
        fault = Fault(
            match=match,
            status=status,
            when=when,
            drop=drop,
            times=times,
            skip=skip,
            message=message,
            headers=headers or {},
        )
        self._planned.append(fault)
        return fault

    def lag(self, match: str, *, seconds: float, status: int = 404, message: str = "Not Found") -> Fault:
        """Plan reads that lag behind a webhook or a write: what matches is not there until `seconds` after somebody
        first looked.
        """
        fault = self.add(match, status=status, times=None, message=message)
        fault.seconds = seconds
        return fault

    def secondary_limit(
        self, match: str = "*", *, retry_after: int | None = 60, status: int = 403, times: int | None = 1
    ) -> Fault:
        """Plan GitHub's secondary rate limit (403 or 429, with Retry-After in seconds unless None)."""
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        return self.add(match, status=status, times=times, message=SECONDARY, headers=headers)

    def primary_limit(self, match: str = "*", *, reset_at: int, times: int | None = 1) -> Fault:
        """Plan the primary rate limit: nothing remaining until `reset_at` (Unix seconds)."""
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset_at)}
        message = "API rate limit exceeded for installation."
        return self.add(match, status=403, times=times, message=message, headers=headers)

    def graphql_error(self, kind: str, message: str, *, times: int | None = 1) -> Fault:
        """Plan an answer of GraphQL with the status 200 and one error: RATE_LIMITED, FORBIDDEN, INTERNAL …"""
        fault = self.add("POST /graphql", status=200, times=times, message=message)
        fault.kind = kind
        return fault

    def clear(self) -> None:
        """Good weather again."""
        self._planned.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, counted as a hit."""
        now = self._clock()
        for fault in self._planned:
            if fault.concerns(method, path, now):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                if fault.seconds is not None and fault.ends is None:
                    fault.ends = now + timedelta(seconds=fault.seconds)
                return fault
        return None
