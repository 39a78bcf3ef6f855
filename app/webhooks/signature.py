"""Whether a delivery was signed with our secret. The HMAC covers the body only: event name and GUID are hearsay."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

PREFIX = b"sha256="  # the only scheme accepted; `sha1=` would be a downgrade


def sign(body: bytes, secret: str) -> str:
    """The `X-Hub-Signature-256` header GitHub sends for `body`."""
    return (PREFIX + _digest(body, secret)).decode("ascii")


def verify(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `header` signs `body` with any of `secrets` (two while one is being rotated).

    A header that is missing, of another scheme, not hexadecimal or not even ASCII is simply False. Bytes are compared
    and not text, because `hmac.compare_digest` raises on text outside ASCII.
    """
    if not header:
        return False
    given = header.encode("utf-8", "surrogatepass")
    if not given.startswith(PREFIX):
        return False
    valid = False
    for secret in secrets:  # no early exit: how long it takes does not tell which secret fits
        if secret:
            valid |= hmac.compare_digest(given, PREFIX + _digest(body, secret))
    return valid


def _digest(body: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode("utf-8"), body, "sha256").hex().encode("ascii")
