"""Who is calling: App tokens signed with its key, and installation tokens with the permissions they carry."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.simulator.http import ApiError, Json, Request
from app.simulator.records import Installation, Token
from app.simulator.state import Repository
from app.simulator.world import World

TOKEN_LIFETIME = timedelta(hours=1)
JWT_MAX_AHEAD_SECONDS = 600  # GitHub: the expiration time may be at most ten minutes in the future
CLOCK_DRIFT_SECONDS = 60  # what GitHub forgives
LEVELS = {"read": 1, "write": 2, "admin": 3}


def new_key_pair() -> tuple[str, str]:
    """A fresh RSA key as PEM: private, public."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), public_key_of(private.decode())


@lru_cache(maxsize=8)
def public_key_of(private_key: str) -> str:
    """The public half of a private key in PEM."""
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def bearer(request: Request) -> str | None:
    """The credential of the Authorization header: Bearer, token, or the password of Basic."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[2] or None
        except ValueError:
            return None
    return None


def check_app_jwt(world: World, request: Request) -> None:
    """Let only the App itself through.

    Raises the 401 GitHub gives for a missing, forged, expired or too long-lived token.
    """
    value = bearer(request)
    if value is None:
        raise ApiError(401, "A JSON web token could not be decoded")
    try:
        claims: dict[str, Any] = jwt.decode(
            value,
            world.app.public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.PyJWTError:
        raise ApiError(401, "A JSON web token could not be decoded") from None
    now = world.jwt_clock().timestamp()
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float) or expires <= now:
        raise ApiError(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
    if expires > now + JWT_MAX_AHEAD_SECONDS + CLOCK_DRIFT_SECONDS:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, int | float) or issued > now + CLOCK_DRIFT_SECONDS:
        raise ApiError(401, "'Issued at' claim ('iat') must be an Integer representing the time of the assertion")
    if str(claims.get("iss")) not in (str(world.app.id), f"Iv23{world.app.id:016d}"):
        raise ApiError(404, "Integration not found")


def check_token(world: World, request: Request) -> Token:
    """The valid installation token of a request.

    Raises the 401 for none, an unknown, expired or revoked one and the 403 of a suspended installation.
    """
    value = bearer(request)
    if value is None:
        raise ApiError(401, "Requires authentication")
    return valid_token(world, value)


def valid_token(world: World, value: str) -> Token:
    """The token with this value, while it is good."""
    token = world.tokens.get(value)
    if token is None or token.revoked or token.expires_at <= world.clock():
        raise ApiError(401, "Bad credentials")
    if token.installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    return token


def covers(world: World, token: Token, repo: Repository) -> bool:
    """The token reaches this repository."""
    if world.installation_of(repo) is not token.installation:
        return False
    return token.repository_ids is None or repo.id in token.repository_ids


def grants(token: Token, permission: str, level: str) -> bool:
    """The token carries a permission at this level (or a higher one), and the installation still grants it."""
    if permission == "metadata" and level == "read":
        return True
    return all(
        LEVELS.get(permissions.get(permission, ""), 0) >= LEVELS[level]
        for permissions in (token.permissions, token.installation.permissions)
    )


def mint(
    world: World,
    installation: Installation,
    *,
    repository_ids: Iterable[int] | None,
    permissions: dict[str, str] | None,
) -> Token:
    """A new installation token, narrowed as asked.

    Raises the 422 for a permission or a repository the installation does not have.
    """
    granted = installation.permissions
    for name, level in (permissions or {}).items():
        if LEVELS.get(level, 9) > LEVELS.get(granted.get(name, ""), 0):
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    chosen = set(repository_ids) if repository_ids is not None else None
    reachable = {repo.id for repo in world.repositories_of(installation)}
    if chosen is not None and (not chosen or not chosen <= reachable):
        message = (
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
        raise ApiError(422, message)
    token = Token(
        value=_token_value(world.app.id),
        installation=installation,
        permissions={"metadata": "read", **(permissions if permissions is not None else granted)},
        repository_ids=chosen,
        expires_at=world.now() + TOKEN_LIFETIME,
    )
    world.tokens[token.value] = token
    return token


def _token_value(app_id: int) -> str:
    """About 520 characters, `ghs_<app>_<something like a JWT>`, as GitHub gives out since 2026."""

    def part(content: Json) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    head = part({"alg": "RS256", "typ": "JWT", "kid": secrets.token_hex(8)})
    claims = part({"jti": secrets.token_hex(16), "iss": "simulated"})
    tail = base64.urlsafe_b64encode(secrets.token_bytes(256)).decode().rstrip("=")
    return f"ghs_{app_id}_{head}.{claims}.{tail}"
