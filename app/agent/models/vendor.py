"""What an answer of the model's vendor means when it is no reply, in words for whoever has to wait or to fix it.

waits   the vendor is busy, away or not to be reached, or somebody else answers in its place: TransientError
ends    the key, the model's name or the request is refused by the vendor itself: UserError, with what to check
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from app.errors import LamplighterError, TransientError, UserError
from app.text.untrusted import one_line

TRANSIENT_STATUSES = (408, 409, 424, 425, 429)  # 424: Bedrock's ModelErrorException, "try again"
TRANSIENT_TYPES = ("overloaded_error", "rate_limit_error", "api_error", "timeout_error")
# Longer than any quota's day or week; a header of a year must not make a date that no calendar has.
LONGEST_WAIT_SECONDS = 7 * 86_400.0
CHECK_WAY = "Check ANTHROPIC_BASE_URL, the proxy's settings and the network."
CHECK_KEY = "Check ANTHROPIC_API_KEY (or the secret it names) and ANTHROPIC_BASE_URL."
CHECK_MODEL = "Check LAMPLIGHTER_MODEL_FAST, _DEFAULT, _DEEP, and `model` in `.github/lamplighter.yml`."
CHECK_AWS = "Check the AWS credentials, that the account has access to the model, and the role's permissions."
CHECK_PROFILE = "Name an inference profile, as `global.` or `eu.` before it."


def meaning(error: Any, model: str, *, bedrock: bool = False) -> LamplighterError:
    """What an HTTP status that is no success means. `error` is the SDK's APIStatusError."""
    status, headers = int(error.status_code), error.response.headers
    if not _is_the_vendors(error):
        return _impostor(str(error.request.url), status, headers)
    said = one_line(str(error.api_message or error.message), 300).rstrip(". ")
    if status == 429 or error.type == "rate_limit_error":
        text = f"the model is rate limited by its vendor (HTTP {status}: {said})"
        return TransientError(text, retry_after_seconds=retry_after(headers))
    if status in TRANSIENT_STATUSES or status >= 500 or error.type in TRANSIENT_TYPES:
        what = "is overloaded" if status == 529 or error.type == "overloaded_error" else "has a fault"
        text = f"the model's vendor {what} (HTTP {status}: {said})"
        return TransientError(text, retry_after_seconds=retry_after(headers))
    if "on-demand throughput" in said:
        return UserError(
            f"Bedrock does not offer the model `{one_line(model, 100)}` by itself: {said}. {CHECK_PROFILE}"
        )
    if status == 404 or "model identifier is invalid" in said:
        return UserError(f"The model `{one_line(model, 100)}` is not known to its vendor: {said}. {CHECK_MODEL}")
    if status in {401, 403}:
        what, check = ("credentials", CHECK_AWS) if bedrock else ("key", CHECK_KEY)
        return UserError(f"The model's vendor refused the {what} (HTTP {status}): {said}. {check}")
    return UserError(f"The model's vendor refused the request (HTTP {status}): {said}.")


def ensure_stream(stream: Any) -> None:
    """Raises TransientError for a success that is no stream of the vendor's: somebody else answered, as a proxy's page
    to log in does.
    """
    response = stream.response
    kind = str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if kind not in {"text/event-stream", "application/vnd.amazon.eventstream"}:
        stream.close()
        raise _impostor(str(response.request.url), int(response.status_code), response.headers)


def unreachable(error: BaseException, url: str) -> TransientError:
    """Nothing was answered at all. `error` is the SDK's APIConnectionError, `url` where it was asked."""
    place = one_line(urlsplit(url).netloc or url, 100)
    text = f"the model's vendor is not reachable ({place}: {_why(error)})"
    return TransientError(text, retry_after_seconds=0)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Seconds the vendor asks to wait (`retry-after-ms`, `retry-after` in seconds or as a date), a week at most; 0 when
    it does not ask.
    """
    try:
        if headers.get("retry-after-ms"):
            seconds = float(headers["retry-after-ms"]) / 1000
        elif (value := (headers.get("retry-after") or "0").strip()).replace(".", "", 1).isdigit():
            seconds = float(value)
        else:
            seconds = (parsedate_to_datetime(value) - (now or datetime.now(UTC))).total_seconds()
    except (TypeError, ValueError):
        return 0.0
    return min(max(0.0, seconds), LONGEST_WAIT_SECONDS)


def _is_the_vendors(error: Any) -> bool:
    """Whether the body is an error as the Messages API, Bedrock or a gateway before them writes it."""
    if error.response.headers.get("x-amzn-errortype"):
        return True
    body = error.body
    return isinstance(body, dict) and (isinstance(body.get("error"), dict) or isinstance(body.get("message"), str))


def _impostor(url: str, status: int, headers: Mapping[str, str]) -> TransientError:
    kind = one_line(str(headers.get("content-type") or "nothing readable").partition(";")[0], 60)
    place = one_line(urlsplit(url).netloc, 100)
    text = f"something else answers in the place of the model's vendor ({place}: HTTP {status}, {kind})"
    return TransientError(text, retry_after_seconds=retry_after(headers))


def _why(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return f"TLS fails: {one_line(getattr(cause, 'verify_message', '') or cause.reason or str(cause), 120)}"
        if isinstance(cause, socket.gaierror):
            return "the name cannot be resolved"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection is refused"
        if isinstance(cause, TimeoutError) or type(cause).__name__.endswith("Timeout"):
            return "no answer in time"
        if isinstance(cause, OSError) and cause.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
            return "there is no route to it"
    return one_line(str(list(_causes(error))[-1]), 160) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it, the innermost last."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
