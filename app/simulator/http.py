"""Requests and responses as the simulator sees them: no socket, no framework."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]


class ApiError(Exception):
    """An answer other than success, in the form GitHub gives it."""

    def __init__(
        self, status: int, message: str, errors: list[Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The JSON answer GitHub gives for this error."""
        body: Json = {
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(self.status),
        }
        if self.errors is not None:
            body["errors"] = self.errors
        return Response(self.status, body, self.headers)


class UnknownRoute(Exception):
    """The product called a route this simulator does not have."""


class ConnectionLost(Exception):
    """An injected fault: the connection breaks before or after the effect."""

    def __init__(self, when: str) -> None:
        super().__init__(f"simulated connection loss {when} the effect")
        self.when = when


def not_found() -> ApiError:
    """The 404 that also hides what the caller may not see."""
    return ApiError(404, "Not Found")


def invalid(resource: str, field_name: str, code: str = "invalid", message: str | None = None) -> ApiError:
    """The 422 for one wrong field; `code` as GitHub names it (invalid, missing_field, already_exists, custom)."""
    error: Json = {"resource": resource, "field": field_name, "code": code}
    if message is not None:
        error["message"] = message
    return ApiError(422, "Validation Failed", [error])


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request; header names are lower case, `path` is decoded and has no query."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def parse(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        """Build a request from a method, a raw path with query, headers in any case and a body."""
        parts = urlsplit(target)
        return cls(
            method=method.upper(),
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
        )

    def json(self) -> Json:
        """The body as an object; an empty body is an empty object.

        Raises `ApiError` 400 for anything else.
        """
        if not self.body:
            return {}
        try:
            value = json.loads(self.body)
        except ValueError:
            raise ApiError(400, "Problems parsing JSON") from None
        if not isinstance(value, dict):
            raise ApiError(400, "Body should be a JSON object")
        return value


@dataclass(kw_only=False)
class Response:
    """One HTTP answer; `body` is JSON-ready, bytes, or None for no content."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        """The body bytes and their media type."""
        if self.body is None:
            return b"", ""
        if isinstance(self.body, bytes):
            return self.body, self.headers.get("Content-Type", "application/octet-stream")
        return json.dumps(self.body, ensure_ascii=False).encode("utf-8", "replace"), "application/json; charset=utf-8"


def text_field(body: Mapping[str, Any], name: str, resource: str, *, limit: int, required: bool = True) -> str:
    """A string field within GitHub's length limit, or the 422 GitHub answers."""
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise invalid(resource, name, "missing_field" if value is None else "invalid")
    if required and not value.strip():
        raise invalid(resource, name, "missing_field", f"{name} can't be blank")
    if len(value) > limit:
        raise invalid(resource, name, "custom", f"{name} is too long (maximum is {limit} characters)")
    return value
