"""The App's private key, as `AppAuth` uses it: something that signs. Where it is kept is the platform's affair."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import PyJWTError

from app.errors import UserError

Read = Callable[[], str]


_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)


class AppKey(Protocol):
    """Signs for the App. An implementation may reach over the network."""

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256. Raises UserError for a key that cannot sign, TransientError."""

    def renew(self) -> bool:
        """GitHub refused what was signed: look for a newer key. True when there is one."""


class PemKey:
    """A key that this process holds as PEM text. `read` gives it, `read_again` gives it past every cache."""

    def __init__(self, read: Read, read_again: Read | None = None) -> None:
        self._read = read
        self._read_again = read_again or read
        self._text: str | None = None

    def sign(self, message: bytes) -> bytes:
        """As the protocol says; UserError also when no key is set."""
        if self._text is None:
            self._text = self._read()
        if not self._text:
            raise UserError("`LAMPLIGHTER_APP_ID` and `LAMPLIGHTER_PRIVATE_KEY` are needed to act as the App.")
        try:
            signature: bytes = _RS256.sign(message, _prepared(self._text))
            return signature
        except (ValueError, TypeError, AttributeError, PyJWTError) as error:
            raise UserError("`LAMPLIGHTER_PRIVATE_KEY` holds no usable RSA private key.") from error

    def renew(self) -> bool:
        before, self._text = self._text, self._read_again()
        return self._text != before


@lru_cache(maxsize=2)  # the key, and the one before it while it is changed
def _prepared(text: str) -> Any:
    """OpenSSL proves a key when it reads it, which takes 20 ms and more; signing takes one."""
    return _RS256.prepare_key(text)


def web_token(key: AppKey, claims: Mapping[str, Any]) -> str:
    """A JSON web token over `claims`, signed RS256."""
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    message = b".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return (message + b"." + _encoded(key.sign(message))).decode("ascii")


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
