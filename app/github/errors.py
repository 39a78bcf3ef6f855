"""What GitHub answers when it does not do what was asked.

UserError
└── Refused           a 4xx for good: `status`, and GitHub's own message
    ├── Unauthorized      401: the token is unknown, expired or revoked
    ├── Forbidden         403: a permission is missing (never a rate limit), 451
    ├── NotFound          404, 410: not there, or not visible to this token
    └── Invalid           409, 422 and the rest: the request cannot be carried out as it is
TransientError
├── RateLimited       a primary or secondary limit: come back after `retry_after_seconds`
├── NotYet            what was just proven to exist is not shown yet
└── Ambiguous         a write whose answer never came: it may have happened, search before repeating it
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from app.errors import NotItsTurn, TransientError, UserError

# GitHub's rule for a secondary limit without a header: wait at least a minute.
SECONDARY_SECONDS = 60.0
OUTAGE_SECONDS = 30.0
NOT_YET_SECONDS = 10.0  # of the minute for which what was just proven may be missing

# How a 422 says that something we know is not there; other 422s are about what we sent.
_MISSING = ("does not exist", "cannot be updated", "not a valid tree", "not a commit object", "no commit found")


class Refused(UserError):
    """GitHub said no for good. `errors` is GitHub's list of what exactly is wrong (often empty)."""

    def __init__(self, request: str, status: int, message: str, errors: list[Any] | None = None) -> None:
        details = "; ".join(filter(None, map(_detail, errors or [])))
        super().__init__(f"GitHub answered {status} to `{request}`: {message}" + (f" ({details})" if details else ""))
        self.status = status
        self.message = message
        self.errors = errors or []

    def says(self, words: str) -> bool:
        """Whether GitHub's explanation contains `words`, in any case."""
        return words.lower() in str(self).lower()


class Unauthorized(Refused):
    """The token is unknown, expired or revoked."""


class Forbidden(Refused):
    """The token lacks a permission."""


class NotFound(Refused):
    """It does not exist, or this token may not see it."""


class Invalid(Refused):
    """The request cannot be carried out as it is."""


class RateLimited(NotItsTurn):
    """Too many requests; nothing was done."""


class NotYet(TransientError):
    """GitHub denies what a webhook or our own write has just proven; reads lag behind both. Nothing was done."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after_seconds=NOT_YET_SECONDS)


class Ambiguous(TransientError):
    """A write whose answer never came: it may have happened."""


_BY_STATUS = {401: Unauthorized, 403: Forbidden, 404: NotFound, 410: NotFound, 451: Forbidden}


def refusal(request: str, status: int, headers: Mapping[str, str], body: Any, now: datetime) -> Exception:
    """The error for a 4xx answer. `headers` in lower case or case-insensitive; `now` measures a reset time."""
    message, errors = "no reason given", None
    if isinstance(body, dict):
        message = str(body.get("message") or message)
        errors = body.get("errors") if isinstance(body.get("errors"), list) else None
    if _is_limit(status, headers, message):
        wait = _wait_seconds(headers, now)
        return RateLimited(f"GitHub limits the rate of `{request}`: {message}", retry_after_seconds=wait)
    return _BY_STATUS.get(status, Invalid)(request, status, message, errors)


def lags(error: Exception) -> bool:
    """Whether the refusal of something that is known to exist passes by itself: 404, 409, and the 422 that says so.

    A 410 does not: what was deleted stays deleted.
    """
    if not isinstance(error, Refused):
        return False
    return error.status in {404, 409} or (error.status == 422 and any(map(error.says, _MISSING)))


def _is_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """A 403 may be a limit or a permission; only the headers and the message tell them apart."""
    if status == 429:
        return True
    if status != 403:
        return False
    words = message.lower()
    return (
        headers.get("x-ratelimit-remaining") == "0"
        or "retry-after" in headers
        or "rate limit" in words
        or "abuse detection" in words
    )


def _wait_seconds(headers: Mapping[str, str], now: datetime) -> float:
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return max(1.0, float(after))
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(1.0, float(reset) - (server_time(headers) or now).timestamp())
    return SECONDARY_SECONDS


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's clock, from the Date header."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return None


def _detail(error: Any) -> str:
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    return str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if error.get(key)))
