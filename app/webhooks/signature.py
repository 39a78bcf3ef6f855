"""Whether a delivery was signed with our secret. The HMAC covers the body only: event name and GUID are hearsay."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

PREFIX = b"sha256="  # the only scheme accepted; `sha1=` would be a downgrade
_WELL_FORMED = re.compile(r"sha256=[0-9a-f]{64}")


def sign(body: bytes, secret: str) -> str:
    """The `X-Hub-Signature-256` header GitHub sends for `body`."""
    return (PREFIX + _digest(body, secret)).decode("ascii")


def is_well_formed(header: str | None) -> bool:
    """Whether `header` could be a signature at all: known before the body is read."""
    return bool(header and _WELL_FORMED.fullmatch(header))


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
