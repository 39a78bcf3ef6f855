"""The App's identity: JSON web tokens from its private key, and installation tokens narrowed to one task."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import httpx

from app import log
from app.errors import TransientError, UserError
from app.github.app_key import AppKey, PemKey, web_token
from app.github.client import GitHub
from app.github.errors import Unauthorized
from app.log import Redactor
from app.ports.platform import Clock, Token
from app.settings import Settings

if TYPE_CHECKING:
    from githubkit_schemas.v2022_11_28.types import AppInstallationsInstallationIdAccessTokensPostBodyType as _Asked
    from githubkit_schemas.v2022_11_28.types import AppPermissionsType as _Permissions

# GitHub accepts a token whose `exp` is at most ten minutes ahead of its own clock and whose `iat` is not in its
# future. A minute back and eight ahead leaves room for a clock that is a minute off on either side.
BACK = timedelta(seconds=60)
AHEAD = timedelta(minutes=8)
SPARE = timedelta(minutes=5)  # a cached installation token still lasts for a long clone

# A fresh token may answer 401 in its first seconds; GitHub's own client (octokit) repeats those for five.
_FRESH_PAUSES_SECONDS = (1.0, 2.0, 2.0)
_AGAIN_SECONDS = 1.0

# What a token may be for that reaches all of an installation: listing it, searching its issues and pull requests.
_LOOKING = {("metadata", "read"), ("issues", "read"), ("pull_requests", "read")}


@dataclass(frozen=True)
class _Narrowed:
    installation_id: int
    repositories: tuple[int | str, ...]  # by id, or by name within the installation's account
    permissions: tuple[tuple[str, str], ...]

    def body(self) -> _Asked:
        body: _Asked = {}
        if ids := [item for item in self.repositories if isinstance(item, int)]:
            body["repository_ids"] = ids
        if names := [item for item in self.repositories if isinstance(item, str)]:
            body["repositories"] = names
        if self.permissions:
            body["permissions"] = cast("_Permissions", dict(self.permissions))
        return body


class AppAuth:
    """Mints tokens with the App's private key; only `dispatch`, `publish`, `schedule` and the token broker hold one.

    Every token minted is handed to `redactor`. Thread-safe.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        transport: httpx.BaseTransport | None = None,
        redactor: Redactor | None = None,
        key: AppKey | None = None,
    ) -> None:
        """`key` signs for the App; by default the PEM text in the settings."""
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._redactor = redactor or Redactor()
        self._tokens: dict[_Narrowed, Token] = {}
        self._lock = threading.Lock()
        signer = _Signer(settings.app_id, key or PemKey(lambda: settings.private_key), clock)
        self.client = GitHub(signer, settings, clock, transport=transport)  # acts as the App itself

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def installation(
        self,
        installation_id: int,
        *,
        repositories: Sequence[int | str],
        permissions: Mapping[str, str],
        optional: bool = False,
    ) -> InstallationCredential:
        """A credential over a token for these repositories and permissions only, kept in memory until five minutes
        before its end.

        Others may use the same token: do not revoke it, use `leased` for that. `optional`: the App may well not be
        there. Raises Refused (Invalid when a permission was never granted, NotFound when the App is not installed),
        TransientError.
        """
        narrowed = _Narrowed(installation_id, tuple(repositories), tuple(sorted(permissions.items())))
        return InstallationCredential(lambda refused: self._shared(narrowed, refused, optional=optional))

    def _shared(self, narrowed: _Narrowed, refused: Token | None, *, optional: bool) -> Token:
        """The token everybody shares, unless it is the `refused` one; then a new one for everybody."""
        with self._lock:
            token = self._tokens.get(narrowed)
            if token is None or token == refused or token.expires_at - SPARE <= self._clock.now():
                token = self._tokens[narrowed] = self._mint(narrowed, optional=optional)
            return token

    def forget(self, installation_id: int) -> None:
        """Mint anew for this installation: what is kept may have died with an earlier installation or suspension."""
        with self._lock:
            kept = self._tokens.items()
            self._tokens = {key: token for key, token in kept if key.installation_id != installation_id}

    @contextmanager
    def leased(
        self,
        installation_id: int,
        *,
        repositories: Sequence[int | str],
        permissions: Mapping[str, str],
        optional: bool = False,
    ) -> Iterator[InstallationCredential]:
        """A credential over a token of the caller's own, revoked at the end of the block."""
        narrowed = _Narrowed(installation_id, tuple(repositories), tuple(permissions.items()))
        leased = InstallationCredential(lambda _refused: self._mint(narrowed, optional=optional))
        try:
            yield leased
        finally:
            leased.is_over = True
            try:
                self.revoke(leased.token)
            except (TransientError, UserError) as error:
                # What was done with it stands; it ends by itself within the hour.
                log.event("token.not_revoked", installation_id=installation_id, reason=str(error))

    def revoke(self, token: Token) -> None:
        """Make `token` worthless now. A token that is worthless already is fine. Raises TransientError."""
        with self._lock:
            self._tokens = {key: held for key, held in self._tokens.items() if held.value != token.value}
        with GitHub(token, self._settings, self._clock, transport=self._transport) as github:
            try:
                github.optional.rest.apps.revoke_installation_access_token()
            except Unauthorized:
                pass

    def _mint(self, narrowed: _Narrowed, *, optional: bool) -> Token:
        only_looks = narrowed.permissions and set(narrowed.permissions) <= _LOOKING
        if not narrowed.permissions or not (narrowed.repositories or only_looks):
            raise ValueError("a token that is not narrowed to repositories and permissions is never minted")
        try:
            rest = self.client.optional.rest if optional else self.client.rest
            answer = rest.apps.create_installation_access_token(narrowed.installation_id, data=narrowed.body()).json()
        except Unauthorized as error:  # of the App itself: an operator's matter, and no request may be lost over it
            raise TransientError(f"GitHub does not know the App: {error}", retry_after_seconds=60) from error
        token = Token(value=answer["token"], expires_at=datetime.fromisoformat(answer["expires_at"]))
        self._redactor.hold(token.value, expires=True)
        return token


class InstallationCredential:
    """A token of one installation, replaced by a new one when GitHub answers 401 to it. For one thread at a time.

    `mint` gives a token that is not the one it is told of.
    """

    def __init__(self, mint: Callable[[Token | None], Token]) -> None:
        self._mint = mint
        self.token = mint(None)
        self.is_over = False  # revoked: nothing follows

    def value(self) -> str:
        return self.token.value

    def refused(self, tries: int, server_seconds_ahead: float | None) -> float | None:  # noqa: ARG002 - of no meaning
        """A new token at once, then a little patience with it."""
        if self.is_over:
            return None
        if tries == 0:
            try:
                self.token = self._mint(self.token)
            except UserError:  # the installation is gone or suspended: the 401 stands, and its handler looks why
                return None
            return 0.0
        return _FRESH_PAUSES_SECONDS[tries - 1] if tries <= len(_FRESH_PAUSES_SECONDS) else None


class _Signer:
    """The App's own credential: JWTs signed with its key, corrected when the server's clock is elsewhere and renewed
    when the key is another one now.
    """

    def __init__(self, app_id: str, key: AppKey, clock: Clock) -> None:
        self._app_id = app_id
        self._key = key
        self._clock = clock
        self._skew = timedelta()
        self._signed = ""
        self._expires_at: datetime | None = None

    def value(self) -> str:
        """Raises UserError when there is no App id or the key is none."""
        now = self._clock.now() + self._skew
        if self._expires_at is None or now >= self._expires_at - BACK or now < self._expires_at - BACK - AHEAD:
            self._signed = self._sign(now)
            self._expires_at = now + AHEAD
        return self._signed

    def refused(self, tries: int, server_seconds_ahead: float | None) -> float | None:
        """Follow the server's clock when ours is why the token was refused; else see whether the key is a new one.
        Where both are right, GitHub may have been wrong once.
        """
        if tries:
            return None  # the App id or the key is wrong
        skew = self._skew if server_seconds_ahead is None else timedelta(seconds=server_seconds_ahead)
        explained = abs(skew - self._skew) >= timedelta(seconds=30) or self._key.renew()
        self._skew, self._expires_at = skew, None
        return 0.0 if explained else _AGAIN_SECONDS

    def _sign(self, now: datetime) -> str:
        if not self._app_id:
            raise UserError("`LAMPLIGHTER_APP_ID` and `LAMPLIGHTER_PRIVATE_KEY` are needed to act as the App.")
        claims = {"iss": self._app_id, "iat": int((now - BACK).timestamp()), "exp": int((now + AHEAD).timestamp())}
        return web_token(self._key, claims)
