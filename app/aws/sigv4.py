"""AWS's request signature, version 4, for the one kind of request the door makes: `POST /` with a JSON body.

Standard library only: importing botocore to sign two requests costs a cold start several times over. A property test
holds this against botocore's own signer. Source: "Create a signed AWS API request", AWS IAM User Guide.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple


class Credentials(NamedTuple):
    """As Lambda puts them into the environment; long-lived keys have no token."""

    access_key: str
    secret_key: str
    token: str = ""


def signed(
    headers: Mapping[str, str], body: bytes, *, service: str, region: str, credentials: Credentials, at: str
) -> dict[str, str]:
    """`headers` (lower-case names, with `host`) and those that sign them. `at` is UTC, as in `20260302T090000Z`."""
    found = {**headers, "x-amz-date": at}
    if credentials.token:
        found["x-amz-security-token"] = credentials.token
    names = sorted(found)
    listed = "".join(f"{name}:{' '.join(found[name].split())}\n" for name in names)
    request = f"POST\n/\n\n{listed}\n{';'.join(names)}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(_key(credentials.secret_key, scope), text.encode(), "sha256").hex()
    found["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return found


@lru_cache(maxsize=8)  # three services, today and tomorrow
def _key(secret_key: str, scope: str) -> bytes:
    """Good for a day, so made once and not for every request."""
    key = ("AWS4" + secret_key).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
