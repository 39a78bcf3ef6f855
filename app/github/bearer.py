"""How githubkit's requests are authenticated: with a credential of ours, whose tokens stay within our reach."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from typing import Any, Protocol

import httpx
from githubkit import BaseAuthStrategy, GitHubCore

from app.github.errors import server_time
from app.ports.platform import Clock, Token

MAX_REDIRECTS = 3

_Exchange = Generator[httpx.Request, httpx.Response, httpx.Response]


class Credential(Protocol):
    """What authenticates requests."""

    def value(self) -> str: ...

    def refused(self, tries: int, server_seconds_ahead: float | None) -> float | None:
        """Told of a 401 to one request, the `tries`-th (from 0): the seconds after which to ask again with `value`,
        None when that makes no sense.
        """


class _Fixed:
    def __init__(self, value: str) -> None:
        self._value = value

    def value(self) -> str:
        return self._value

    def refused(self, tries: int, server_seconds_ahead: float | None) -> None:  # noqa: ARG002 - there is no other
        return None


class Bearer(BaseAuthStrategy, httpx.Auth):
    """Puts the token on each request to `api`, asks again with another where a 401 was the token's fault, and follows
    redirects (a renamed repository) with the same method, but only within `api`: a token goes nowhere else.
    """

    def __init__(self, token: Token | Credential | str | None, api: str, clock: Clock) -> None:
        """Without a token nothing is put on."""
        self._credential = _credential(token)
        self._api = api
        self._clock = clock

    def end(self) -> None:
        """Forget the token. Idempotent."""
        self._credential = _Fixed("")

    def get_auth_flow(self, github: GitHubCore[Any]) -> httpx.Auth:  # noqa: ARG002 - the same for whoever asks
        """As githubkit asks for it."""
        return self

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """As httpx asks for it: the requests to send; it ends with the last answer."""
        for tries in itertools.count():
            response = yield from self._followed(request)
            if response.status_code != 401 or self._credential is None:
                return
            server = server_time(response.headers)
            ahead = (server - self._clock.now()).total_seconds() if server else None
            pause = self._credential.refused(tries, ahead)
            if pause is None:
                return
            if pause:
                self._clock.sleep(pause)

    def _followed(self, request: httpx.Request) -> _Exchange:
        if self._credential is not None:
            request.headers["Authorization"] = f"Bearer {self._credential.value()}"
        response = yield request
        for _ in range(MAX_REDIRECTS):
            location = response.headers.get("location", "")
            if response.status_code not in {301, 302, 307, 308} or not location.startswith(self._api + "/"):
                break
            response = yield httpx.Request(
                request.method,
                location,
                headers=request.headers,
                content=request.content,
                extensions=request.extensions,
            )
        return response


def _credential(token: Token | Credential | str | None) -> Credential | None:
    if isinstance(token, str):
        return _Fixed(token)
    return _Fixed(token.value) if isinstance(token, Token) else token
