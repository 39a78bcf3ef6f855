"""Where logs lie: a host elsewhere that serves whoever holds a signed address, and nobody who sends a credential."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from app.simulator.http import Request, Response
from app.simulator.world import World

LIFETIME = timedelta(minutes=1)  # how long GitHub's redirects are good
PATH = "/actions-results/"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def signed(world: World, name: str, content: bytes) -> str:
    """An address under which this content can be fetched for a minute."""
    signature = secrets.token_urlsafe(24)
    world.stored[signature] = (world.clock() + LIFETIME, content)
    return f"{world.storage_url}{PATH}{name}?sv=2025-11-05&sp=r&sig={signature}"


def answer(world: World, request: Request) -> Response:
    """One request to the storage host, as Azure's answers: XML for errors, ranges from a first byte on."""
    if "authorization" in request.headers:
        return _error(
            400, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format."
        )
    expires, content = world.stored.get(request.query.get("sig", ""), (None, b""))
    if not _is_good(world, expires):
        return _error(403, "AuthenticationFailed", "Signature not valid in the specified time frame.")
    if request.method not in ("GET", "HEAD"):
        return _error(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")
    headers = {"Content-Type": "text/plain; charset=utf-8", "Accept-Ranges": "bytes", "ETag": '"0x8DC"'}
    if request.method == "HEAD":
        return Response(200, None, {**headers, "Content-Length": str(len(content))})
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))  # "the last n bytes" is not supported: all are sent
    if wanted is None:
        return Response(200, content, headers)
    first = int(wanted[1])
    last = min(int(wanted[2]) if wanted[2] else len(content) - 1, len(content) - 1)
    if first >= len(content) or last < first:
        return _error(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(206, content[first : last + 1], headers)


def _is_good(world: World, expires: datetime | None) -> bool:
    return expires is not None and world.clock() < expires


def _error(status: int, code: str, message: str) -> Response:
    text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, text.encode(), {"Content-Type": "application/xml", "x-ms-error-code": code})
