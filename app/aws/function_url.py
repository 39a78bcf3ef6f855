"""A Lambda function URL's request and response (payload format 2.0). Standard library only."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple


class Request(NamedTuple):
    """`headers` has lower-case names. The body is as it came over the wire, unless it is not `readable`."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    readable: bool = True

    def refused(self, routes: Mapping[str, str]) -> tuple[int, dict[str, str], dict[str, str]] | None:
        """(status, body, headers) of the refusal of what is none of `routes` (path: method), else None."""
        method = routes.get(self.path)
        if method is None:
            return 404, {"error": "Not Found"}, {}
        if self.method != method:
            return 405, {"error": "Method Not Allowed"}, {"allow": method}
        return None if self.readable else (400, {"error": "The body cannot be read."}, {})


def request(event: Mapping[str, Any]) -> Request:
    http = (event.get("requestContext") or {}).get("http") or {}
    readable, body = True, b""
    try:
        text = event.get("body") or ""
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode("utf-8")
    except ValueError:
        readable = False
    return Request(
        str(http.get("method") or ""),
        str(event.get("rawPath") or ""),
        {name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body,
        readable,
    )


def response(status: int, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """`body` is ASCII."""
    return {"statusCode": status, "headers": headers, "body": body.decode("ascii"), "isBase64Encoded": False}
